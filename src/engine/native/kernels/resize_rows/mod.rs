//! One row of a picture resized by bilinear interpolation. In come two neighbouring rows of each colour channel and a
//! plan of the columns; out comes a row of each channel, byte for byte what dlib's `resize_image` gives for a colour
//! image (dlib/image_transforms/interpolation.h).
//!
//! dlib computes four columns at a time in `f32`, and the few last columns of a row in `f64`; both cut the fraction
//! off. Every product is rounded before it is added, so no level fuses them. 512-bit vectors would need source bytes
//! from more than one shuffle; AVX-512 takes the variant of AVX2.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod body;
#[cfg(target_arch = "aarch64")]
mod neon;
mod plan;
mod scalar;
#[cfg(test)]
mod tests;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) use plan::Place;
pub(crate) use plan::{Columns, RowPair};

use super::SimdLevel;

/// How many bytes of a row may be read behind its last pixel.
pub(crate) const SLACK: usize = 16;

/// Writes a row of three channels. `top` and `bottom` are the rows of the source that `pair` names, of each channel in
/// turn, with [`SLACK`] bytes behind the pixels, whose values do not matter.
///
/// # Panics
/// If a row is shorter than `columns` says.
pub(crate) fn resize_row(
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
    let done = match level {
        SimdLevel::Scalar => 0,
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx2(simd) => avx2::resize_groups(simd, columns, pair, top, bottom, &mut out),
        #[cfg(target_arch = "x86_64")]
        SimdLevel::Avx512(simd) => {
            avx2::resize_groups(simd.avx2(), columns, pair, top, bottom, &mut out)
        }
        #[cfg(target_arch = "aarch64")]
        SimdLevel::Neon(simd) => neon::resize_groups(simd, columns, pair, top, bottom, &mut out),
    };
    for ((top, bottom), out) in top.into_iter().zip(bottom).zip(out) {
        scalar::resize_from(columns, done, pair, top, bottom, out);
    }
}
