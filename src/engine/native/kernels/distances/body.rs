//! The loops of all vector levels. `VECTORS` vectors of rows are multiplied with `PROBES` probes at a time, so that
//! `VECTORS * PROBES` sums are in registers; a probe that is left over is multiplied with `ALONE` vectors of rows, as
//! one sum alone would wait for itself.

use super::{Probe, ROWS, RowGroup};
use crate::engine::native::kernels::lanes::Lanes;

/// Writes the estimates of all rows for each of `probes`.
///
/// # Safety
/// There must be as many `estimates` as `probes`, and `VECTORS` and `ALONE` vectors must divide a group evenly.
#[inline(always)]
pub(super) unsafe fn estimate<
    L: Lanes,
    const VECTORS: usize,
    const PROBES: usize,
    const ALONE: usize,
>(
    simd: L,
    group: &RowGroup,
    probes: &[Probe],
    estimates: &mut [[f32; ROWS]],
) {
    let (together, alone) = probes.as_chunks::<PROBES>();
    let (estimates_together, estimates_alone) = estimates.as_chunks_mut::<PROBES>();
    for (probes, estimates) in together.iter().zip(estimates_together) {
        // SAFETY: handed on to the caller.
        unsafe { estimate_tiles::<L, VECTORS, PROBES>(simd, group, probes, estimates) };
    }
    for (probe, estimates) in alone.iter().zip(estimates_alone) {
        let (probe, estimates) = (std::array::from_ref(probe), std::array::from_mut(estimates));
        // SAFETY: handed on to the caller.
        unsafe { estimate_tiles::<L, ALONE, 1>(simd, group, probe, estimates) };
    }
}

/// # Safety
/// `VECTORS` vectors must divide a group evenly.
#[inline(always)]
unsafe fn estimate_tiles<L: Lanes, const VECTORS: usize, const PROBES: usize>(
    simd: L,
    group: &RowGroup,
    probes: &[Probe; PROBES],
    estimates: &mut [[f32; ROWS]; PROBES],
) {
    for first in (0..ROWS).step_by(VECTORS * L::COUNT) {
        let mut products = [[simd.splat(0.0); VECTORS]; PROBES];
        for (place, numbers) in group.numbers.iter().enumerate() {
            // The same place of the next group, which is needed soon and may not be there: that does no harm.
            simd.prefetch(numbers.as_ptr().cast::<f32>().wrapping_add(NEXT_GROUP));
            let mut rows = [simd.splat(0.0); VECTORS];
            for (vector, rows) in rows.iter_mut().enumerate() {
                // SAFETY: `first` and the vectors from there on lie within the group, as demanded of the caller.
                *rows = unsafe {
                    simd.load_signed_bytes(numbers.as_ptr().add(first + vector * L::COUNT))
                };
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
                // SAFETY: as above; all four arrays have as many numbers as a group has rows.
                unsafe {
                    let scale = simd.load(group.scales.as_ptr().add(row));
                    let offset = simd.load(group.offsets.as_ptr().add(row));
                    let width = simd.load(group.widths.as_ptr().add(row));
                    let estimate = simd.multiply_add(scale, product, offset);
                    let estimate = simd.multiply_add(reach, width, estimate);
                    simd.store(estimates.as_mut_ptr().add(row), estimate);
                }
            }
        }
    }
}

/// From a place to the same place of the next group, in numbers.
const NEXT_GROUP: usize = size_of::<RowGroup>() / size_of::<f32>();
