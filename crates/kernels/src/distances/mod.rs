//! Approximate distances between known faces and a few probes. A search through a large gallery
//! reads these instead of the encodings themselves. Input: [`RowGroup`]s, encodings reduced to one
//! byte per number, and probes. Output: one estimate for each row and probe.
//!
//! The rows of a group are interleaved: a vector holds one number of several rows, no vector has to
//! be summed up, and a group is read once for all probes. The caller decides what the estimates
//! mean and how wrong they can be: they are a linear function of the products of rows and probes.
//! The levels differ only in rounding: each sum of products is added up in sequence.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod body;
mod scalar;
#[cfg(test)]
mod tests;

use crate::SimdLevel;
use crate::level::kernel;

/// Rows in a group: as many as a cache line has bytes.
pub const ROWS: usize = 64;

/// 64 encodings of `SIZE` numbers, with one byte for each number.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub struct RowGroup<const SIZE: usize> {
    /// For each number of an encoding, that number of every row.
    pub numbers: [[i8; ROWS]; SIZE],
    /// Factor for the product of a row and a probe.
    pub scales: [f32; ROWS],
    /// Number added to that.
    pub offsets: [f32; ROWS],
    /// Factor for the probe's reach, which is added too.
    pub widths: [f32; ROWS],
}

/// A face to search for, with an encoding of `SIZE` numbers.
#[derive(Debug, Clone)]
pub struct Probe<const SIZE: usize> {
    /// Encoding of the face.
    pub numbers: [f32; SIZE],
    /// Factor for the widths of rows.
    pub reach: f32,
}

/// Writes, for each of `probes` and each row of `group`,
/// `offset + scale * (sum of number * probe number) + reach * width`.
///
/// # Panics
/// If the lengths of `estimates` and `probes` differ.
pub fn estimate_128(
    level: SimdLevel,
    group: &RowGroup<128>,
    probes: &[Probe<128>],
    estimates: &mut [[f32; ROWS]],
) {
    assert_eq!(probes.len(), estimates.len(), "a probe has no estimates");
    run_128(level, group, probes, estimates);
}

/// Does the same as [`estimate_128`] for encodings of 192 numbers. The two are not one generic
/// function, because that would be compiled in the crate that calls it, which is optimised less.
///
/// # Panics
/// As [`estimate_128`].
pub fn estimate_192(
    level: SimdLevel,
    group: &RowGroup<192>,
    probes: &[Probe<192>],
    estimates: &mut [[f32; ROWS]],
) {
    assert_eq!(probes.len(), estimates.len(), "a probe has no estimates");
    run_192(level, group, probes, estimates);
}

kernel! {
    fn run_128(group: &RowGroup<128>, probes: &[Probe<128>], estimates: &mut [[f32; ROWS]]);
    scalar: scalar::estimate,
    avx2: body::estimate::<_, 2, 4, 8, 128>,
    avx512: body::estimate::<_, 4, 4, 4, 128>,
    neon: body::estimate::<_, 4, 4, 8, 128>,
}

kernel! {
    fn run_192(group: &RowGroup<192>, probes: &[Probe<192>], estimates: &mut [[f32; ROWS]]);
    scalar: scalar::estimate,
    avx2: body::estimate::<_, 2, 4, 8, 192>,
    avx512: body::estimate::<_, 4, 4, 4, 192>,
    neon: body::estimate::<_, 4, 4, 8, 192>,
}
