//! How far many known faces are from a few others, roughly: what a search through a large gallery reads instead of the
//! encodings themselves. In come [`RowGroup`]s, encodings cut down to a byte a number, and probes; out comes one
//! estimate for each row and probe.
//!
//! The rows of a group lie side by side, so that a vector holds one number of several rows, no vector has to be summed
//! up, and a group is read once for all probes. What the estimates mean, and how wrong they can be, is the caller's
//! matter: they are a linear function of the products of rows and probes. The levels differ in rounding alone: every
//! product sum of 128 terms is added up one after the other.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod body;
mod scalar;
#[cfg(test)]
mod tests;

use crate::SimdLevel;
use crate::level::kernel;

/// How many numbers an encoding has.
pub const ENCODING_LEN: usize = 128;

/// The rows of a group: as many bytes as a cache line has.
pub const ROWS: usize = 64;

/// 64 encodings with a byte for each of their numbers.
#[derive(Debug, Clone)]
#[repr(C, align(64))]
pub struct RowGroup {
    /// For each of the 128 numbers of an encoding that number of every row.
    pub numbers: [[i8; ROWS]; ENCODING_LEN],
    /// What the product of a row and a probe is multiplied with.
    pub scales: [f32; ROWS],
    /// What is added to it.
    pub offsets: [f32; ROWS],
    /// What is multiplied with a probe's reach and added too.
    pub widths: [f32; ROWS],
}

/// A face that is looked for.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Its encoding.
    pub numbers: [f32; ENCODING_LEN],
    /// What the widths of rows are multiplied with.
    pub reach: f32,
}

/// Writes for each of `probes` and each row of `group`
/// `offset + scale * (sum of number * probe number) + reach * width`.
///
/// # Panics
/// If there are not as many `estimates` as `probes`.
pub fn estimate(
    level: SimdLevel,
    group: &RowGroup,
    probes: &[Probe],
    estimates: &mut [[f32; ROWS]],
) {
    assert_eq!(probes.len(), estimates.len(), "a probe has no estimates");
    run(level, group, probes, estimates);
}

kernel! {
    fn run(group: &RowGroup, probes: &[Probe], estimates: &mut [[f32; ROWS]]);
    scalar: scalar::estimate,
    avx2: body::estimate::<_, 2, 4, 8>,
    avx512: body::estimate::<_, 4, 4, 4>,
    neon: body::estimate::<_, 4, 4, 8>,
}
