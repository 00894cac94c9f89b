//! Floating-point numbers as stored by dlib and in tensors. Input: bytes, or mantissas and
//! exponents. Output: the same numbers that dlib reads, to the last bit.
//!
//! Format: dlib/float_details.h.

use super::{NEGATIVE, TENSOR_ITEM_BYTES};

/// Size in bytes of a float in the most common form: a mantissa of three bytes and an exponent of
/// one.
const COMMON_FLOAT_BYTES: usize = 6;
/// Number of tensor numbers checked at a time: they fit in the processor's first-level cache.
const TENSOR_BLOCK: usize = 1024;

/// Smallest exponent that means infinity, minus infinity or NaN.
const INFINITE: i16 = 32000;
const NEGATIVE_INFINITE: i16 = 32001;

/// Fills `numbers` from the start of `bytes` and returns the rest, if all of them have the common
/// form and are finite. No step depends on the one before, so the processor handles several at a
/// time.
pub(super) fn common_floats<'a>(bytes: &'a [u8], numbers: &mut [f32]) -> Option<&'a [u8]> {
    let (items, _) = bytes.as_chunks();
    let items = items.get(..numbers.len())?;
    for (number, &item) in numbers.iter_mut().zip(items) {
        let (mantissa, exponent) = common_mantissa_and_exponent(item)?;
        *number = float(mantissa, exponent);
    }
    all_finite(numbers).then(|| bytes.get(COMMON_FLOAT_BYTES * numbers.len()..))?
}

/// Returns the parts of a float in the common form.
#[inline]
pub(super) fn common_mantissa_and_exponent(item: [u8; COMMON_FLOAT_BYTES]) -> Option<(i64, i16)> {
    let [control, low, middle, high, exponent_control, exponent] = item;
    if control & !NEGATIVE != 3 || exponent_control & !NEGATIVE != 1 {
        return None;
    }
    let sign = |control: u8| if control & NEGATIVE == 0 { 1 } else { -1 };
    let mantissa = i64::from(u32::from_le_bytes([low, middle, high, 0]));
    let exponent = i16::from(exponent);
    Some((
        i64::from(sign(control)) * mantissa,
        sign(exponent_control) * exponent,
    ))
}

/// Returns the numbers of a tensor, or the index of the first one that is not finite.
pub(super) fn finite_numbers(items: &[[u8; TENSOR_ITEM_BYTES]]) -> Result<Vec<f32>, usize> {
    let mut numbers: Vec<f32> = Vec::with_capacity(items.len());
    for block in items.chunks(TENSOR_BLOCK) {
        let start = numbers.len();
        numbers.extend(block.iter().map(|&item| f32::from_le_bytes(item)));
        let read = numbers.get(start..).unwrap_or_default();
        if !all_finite(read) {
            let place = read.iter().position(|number| !number.is_finite());
            return Err(start + place.unwrap_or(0));
        }
    }
    Ok(numbers)
}

/// Returns whether all `numbers` are finite. Examines all of them: without an early exit, the
/// processor handles several at a time.
pub(in crate::models) fn all_finite(numbers: &[f32]) -> bool {
    numbers
        .iter()
        .fold(true, |all, number| all & number.is_finite())
}

/// Returns `mantissa` * 2^`exponent`, or the special value of the exponent:
/// `float_details::operator float`.
#[inline]
pub(super) fn float(mantissa: i64, exponent: i16) -> f32 {
    match exponent {
        INFINITE => f32::INFINITY,
        NEGATIVE_INFINITE => f32::NEG_INFINITY,
        special if special > INFINITE => f32::NAN,
        _ => {
            // dlib rounds the mantissa to float first, then scales. In f64, every product of a
            // float mantissa (below 2^63) and 2^-500 to 2^500 is exact, so the only other rounding
            // is the last one, as in ldexp. Beyond these exponents the float is 0 or infinite
            // anyway.
            let power = power_of_two(i32::from(exponent).clamp(-500, 500));
            let rounded = mantissa as f32;
            (f64::from(rounded) * power) as f32
        }
    }
}

/// Returns `mantissa` * 2^`exponent`, or the special value of the exponent:
/// `float_details::operator double`.
pub(super) fn double(mantissa: i64, exponent: i16) -> f64 {
    match exponent {
        INFINITE => f64::INFINITY,
        NEGATIVE_INFINITE => f64::NEG_INFINITY,
        special if special > INFINITE => f64::NAN,
        _ => {
            // The power of two may be out of range even if the product is not, so it is multiplied
            // in two parts. The first product is exact or infinite, so only the second one rounds,
            // as in ldexp.
            let exponent = i32::from(exponent).clamp(-1500, 1500);
            let first = exponent.clamp(-900, 900);
            mantissa as f64 * power_of_two(first) * power_of_two(exponent - first)
        }
    }
}

/// Returns 2^`exponent`, for exponents from -1022 to 1023.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(u64::from((1023 + exponent).unsigned_abs()) << 52)
}
