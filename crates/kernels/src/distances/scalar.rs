//! The specification.

use super::{Probe, ROWS, RowGroup};

/// Writes the estimates of all rows for each of `probes`.
pub(super) fn estimate<const SIZE: usize>(
    group: &RowGroup<SIZE>,
    probes: &[Probe<SIZE>],
    estimates: &mut [[f32; ROWS]],
) {
    for (probe, estimates) in probes.iter().zip(estimates) {
        let mut products = [0.0_f32; ROWS];
        for (number, rows) in probe.numbers.iter().zip(&group.numbers) {
            for (product, row) in products.iter_mut().zip(rows) {
                *product += f32::from(*row) * number;
            }
        }
        for (row, estimate) in estimates.iter_mut().enumerate() {
            *estimate = group.offsets[row]
                + group.scales[row] * products[row]
                + probe.reach * group.widths[row];
        }
    }
}
