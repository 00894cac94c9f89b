//! The loops of all vector levels. `VECTORS` vectors of rows are multiplied with `PROBES` probes at
//! a time, so `VECTORS * PROBES` sums are in registers. A remaining probe is multiplied with
//! `ALONE` vectors of rows, because with a single sum each addition would have to wait for the one
//! before.

use super::{Probe, ROWS, RowGroup};
use crate::lanes::Lanes;

/// Writes the estimates of all rows for each of `probes`. `VECTORS` and `ALONE` vectors must divide
/// a group evenly.
#[inline(always)]
pub(super) fn estimate<
    L: Lanes,
    const VECTORS: usize,
    const PROBES: usize,
    const ALONE: usize,
    const SIZE: usize,
>(
    simd: L,
    group: &RowGroup<SIZE>,
    probes: &[Probe<SIZE>],
    estimates: &mut [[f32; ROWS]],
) {
    let (together, alone) = probes.as_chunks::<PROBES>();
    let (estimates_together, estimates_alone) = estimates.as_chunks_mut::<PROBES>();
    for (probes, estimates) in together.iter().zip(estimates_together) {
        estimate_tiles::<L, VECTORS, PROBES, SIZE>(simd, group, probes, estimates);
    }
    for (probe, estimates) in alone.iter().zip(estimates_alone) {
        let (probe, estimates) = (std::array::from_ref(probe), std::array::from_mut(estimates));
        estimate_tiles::<L, ALONE, 1, SIZE>(simd, group, probe, estimates);
    }
}

#[inline(always)]
fn estimate_tiles<L: Lanes, const VECTORS: usize, const PROBES: usize, const SIZE: usize>(
    simd: L,
    group: &RowGroup<SIZE>,
    probes: &[Probe<SIZE>; PROBES],
    estimates: &mut [[f32; ROWS]; PROBES],
) {
    // Lets the compiler see that all slices below lie within their arrays.
    const { assert!(ROWS.is_multiple_of(VECTORS * L::COUNT)) }
    // Distance from a place to the same place in the next group, in numbers.
    let next_group = size_of::<RowGroup<SIZE>>() / size_of::<f32>();
    for first in (0..ROWS).step_by(VECTORS * L::COUNT) {
        let mut products = [[simd.splat(0.0); VECTORS]; PROBES];
        for (place, numbers) in group.numbers.iter().enumerate() {
            // The same place in the next group, which is needed soon. The next group may not exist;
            // prefetching it is harmless.
            simd.prefetch(numbers.as_ptr().cast::<f32>().wrapping_add(next_group));
            let mut rows = [simd.splat(0.0); VECTORS];
            for (vector, rows) in rows.iter_mut().enumerate() {
                *rows = simd.load_signed_bytes(&numbers[first + vector * L::COUNT..]);
            }
            for (probe, products) in probes.iter().zip(&mut products) {
                let number = simd.splat(probe.numbers[place]);
                for (rows, product) in rows.iter().zip(products) {
                    *product = simd.multiply_add(*rows, number, *product);
                }
            }
        }
        for ((probe, products), estimates) in probes.iter().zip(products).zip(&mut *estimates) {
            let reach = simd.splat(probe.reach);
            for (vector, product) in products.into_iter().enumerate() {
                let row = first + vector * L::COUNT;
                let scale = simd.load(&group.scales[row..]);
                let offset = simd.load(&group.offsets[row..]);
                let width = simd.load(&group.widths[row..]);
                let estimate = simd.multiply_add(scale, product, offset);
                let estimate = simd.multiply_add(reach, width, estimate);
                simd.store(&mut estimates[row..], estimate);
            }
        }
    }
}
