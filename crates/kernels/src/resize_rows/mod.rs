//! One row of an image resized by bilinear interpolation. Input: two adjacent rows of each colour
//! channel and a plan of the columns. Output: a row of each channel, identical byte for byte to the
//! result of dlib's `resize_image` for a colour image (dlib/image_transforms/interpolation.h).
//!
//! dlib computes four columns at a time in `f32`, and the last few columns of a row in `f64`; both
//! truncate the fraction. Every product is rounded before it is added, so no level fuses them.
//! 512-bit vectors would need source bytes from more than one shuffle, so AVX-512 uses the AVX2
//! variant.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod body;
mod plan;
mod scalar;
#[cfg(test)]
mod tests;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub use plan::Place;
pub use plan::{Columns, RowPair};

use crate::SimdLevel;
use crate::level::kernel;

/// Maximum number of bytes read after the last pixel of a row.
pub const SLACK: usize = 16;

/// Writes a row of three channels. `top` and `bottom` are the rows of the source that `pair` names,
/// for each channel in turn, with [`SLACK`] bytes after the pixels, whose values do not matter.
///
/// # Panics
/// If a row is shorter than `columns` requires.
pub fn resize_row(
    level: SimdLevel,
    columns: &Columns,
    pair: RowPair,
    top: [&[u8]; 3],
    bottom: [&[u8]; 3],
    mut out: [&mut [u8]; 3],
) {
    let needed = columns.source_width().saturating_add(SLACK);
    assert!(
        top.iter().chain(&bottom).all(|row| row.len() >= needed),
        "a row of the source is too short"
    );
    assert!(
        out.iter().all(|row| row.len() >= columns.width()),
        "a row of the result is too short"
    );
    let done = resize_groups(level, columns, pair, top, bottom, &mut out);
    for ((top, bottom), out) in top.into_iter().zip(bottom).zip(out) {
        scalar::resize_from(columns, done, pair, top, bottom, out);
    }
}

kernel! {
    fn resize_groups(
        columns: &Columns,
        pair: RowPair,
        top: [&[u8]; 3],
        bottom: [&[u8]; 3],
        out: &mut [&mut [u8]; 3]
    ) -> usize;
    scalar: |_, _, _, _, _| 0,
    avx2: body::resize_groups,
    neon: body::resize_groups,
}
