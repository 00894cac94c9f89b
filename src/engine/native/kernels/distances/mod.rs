//! How far many known faces are from a few others, roughly: what a search through a large gallery reads instead of the
//! encodings themselves. In come [`RowGroup`]s, encodings cut down to a byte a number, and probes; out comes one
//! estimate for each row and probe.
//!
//! The rows of a group lie side by side, so that a vector holds one number of several rows, no vector has to be summed
//! up, and a group is read once for all probes. What the estimates mean, and how wrong they can be, is the caller's
//! matter: they are a linear function of the products of rows and probes. The levels differ in rounding alone: every
//! product sum of 128 terms is added up one after the other.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod body;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(test)]
mod tests;

use super::SimdLevel;
use crate::engine::ENCODING_LEN;

/// The rows of a group: as many bytes as a cache line has.
pub(crate) const ROWS: usize = 64;

/// 64 encodings with a byte for each of their numbers.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub(crate) struct RowGroup {
    /// For each of the 128 numbers of an encoding that number of every row.
    pub(crate) numbers: [[i8; ROWS]; ENCODING_LEN],
    /// What the product of a row and a probe is multiplied with.
    pub(crate) scales: [f32; ROWS],
    /// What is added to it.
    pub(crate) offsets: [f32; ROWS],
    /// What is multiplied with a probe's reach and added too.
    pub(crate) widths: [f32; ROWS],
}

/// A face that is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    /// Its encoding.
    pub(crate) numbers: [f32; ENCODING_LEN],
    /// What the widths of rows are multiplied with.
    pub(crate) reach: f32,
}

/// Writes for each of `probes` and each row of `group`
/// `offset + scale * (sum of number * probe number) + reach * width`.
///
/// # Panics
/// If there are not as many `estimates` as `probes`.
pub(crate) fn estimate(
    level: SimdLevel,
    group: &RowGroup,
    probes: &[Probe],
    estimates: &mut [[f32; ROWS]],
) {
    assert_eq!(probes.len(), estimates.len(), "a probe has no estimates");
    match level {
        SimdLevel::Scalar => scalar::estimate(group, probes, estimates),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2(simd) => avx2::estimate(simd, group, probes, estimates),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512(simd) => avx512::estimate(simd, group, probes, estimates),
        #[cfg(target_arch = "aarch64")]
        SimdLevel::Neon(simd) => neon::estimate(simd, group, probes, estimates),
    }
}
