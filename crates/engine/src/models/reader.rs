//! A reader for dlib's serialization format in untrusted bytes. Input: a byte slice. Output:
//! numbers, or a [`Damage`] that names the byte at which the file stops making sense.
//!
//! No call panics or reads past the end. A count is returned, and memory allocated, only if the
//! remaining bytes could hold that many items. If the format allows several forms (reserved bits,
//! text numbers, the row-first matrix header), only the form that dlib has written since 2013 is
//! accepted, so that dlib reads every accepted number as the same value.
//!
//! Format: dlib/serialize.h, dlib/float_details.h and, for tensors, dlib/cuda/tensor.h and
//! tensor.cpp.

mod floats;

pub(super) use floats::all_finite;
use floats::{common_floats, common_mantissa_and_exponent, double, finite_numbers, float};

/// Minimum number of bytes that dlib writes for an integer: a control byte and one digit.
pub(crate) const MIN_INTEGER_BYTES: usize = 2;
/// Minimum number of bytes that dlib writes for a floating-point number: mantissa and exponent.
pub(crate) const MIN_FLOAT_BYTES: usize = 2 * MIN_INTEGER_BYTES;

/// Size of a number in a tensor, in bytes: a little-endian IEEE `float`.
const TENSOR_ITEM_BYTES: usize = size_of::<f32>();
/// Number of bytes of an unexpected text in a message.
const SHOWN_TEXT_BYTES: usize = 40;

/// Bit of the control byte for a minus sign.
const NEGATIVE: u8 = 0x80;
/// Bits of the control byte that dlib leaves at 0. Digits and letters have some of them set, so
/// text is detected.
const RESERVED: u8 = 0x70;
/// Number of bytes examined together to read an integer at once.
const WORD_BYTES: usize = size_of::<u64>();

/// The place where a file stops making sense, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("damaged at byte {at}: {what}")]
pub(crate) struct Damage {
    /// Offset from the file's first byte, starting at 0.
    pub(crate) at: usize,
    /// The expected and the actual content.
    pub(crate) what: String,
}

impl Damage {
    /// Creates the damage `what` at byte `at`.
    pub(crate) fn new(at: usize, what: impl Into<String>) -> Self {
        Self {
            at,
            what: what.into(),
        }
    }
}

/// A position in a byte slice, moving forward. The parameter `name` of its methods describes the
/// value, for the message.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    /// Length of the whole slice.
    length: usize,
}

impl<'a> Reader<'a> {
    /// Creates a reader at the first of `bytes`.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            length: bytes.len(),
        }
    }

    /// Returns the offset of the next byte.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.length - self.rest.len()
    }

    /// Reads a C++ integer of `width` bytes: -(256^`width` - 1) to 256^`width` - 1, narrowed to
    /// `i64`.
    #[inline]
    pub(crate) fn integer(&mut self, width: usize, name: &str) -> Result<i64, Damage> {
        let at = self.position();
        let (negative, magnitude) = self.sign_and_magnitude(width, name)?;
        let value = i64::try_from(magnitude)
            .map_err(|_| Damage::new(at, format!("{name} is too large a number: {magnitude}")))?;
        Ok(if negative { -value } else { value })
    }

    /// Reads an index or a size: at least 0.
    #[inline]
    pub(crate) fn index(&mut self, name: &str) -> Result<usize, Damage> {
        let at = self.position();
        let (negative, magnitude) = self.sign_and_magnitude(8, name)?;
        if negative {
            return Err(Damage::new(at, format!("{name} is negative")));
        }
        usize::try_from(magnitude)
            .map_err(|_| Damage::new(at, format!("{name} is too large a number: {magnitude}")))
    }

    /// Reads the length of a vector whose items take at least `item_bytes` (1 or more) each; never
    /// more than the rest of the file can hold.
    #[inline]
    pub(crate) fn count(&mut self, item_bytes: usize, name: &str) -> Result<usize, Damage> {
        let at = self.position();
        let count = self.index(name)?;
        self.check_room(at, count, item_bytes, name)?;
        Ok(count)
    }

    /// Reads the rows and columns of a matrix of floats, which follow row by row; never more than
    /// the rest of the file can hold. dlib writes both as negative numbers.
    #[inline]
    pub(crate) fn matrix_size(&mut self, name: &str) -> Result<(usize, usize), Damage> {
        let at = self.position();
        let rows = self.dimension(name)?;
        let columns = self.dimension(name)?;
        let count = rows
            .checked_mul(columns)
            .ok_or_else(|| Damage::new(at, format!("{name} claims {rows} x {columns} numbers")))?;
        self.check_room(at, count, MIN_FLOAT_BYTES, name)?;
        Ok((rows, columns))
    }

    /// Reads a `float`, excluding infinities and NaN; the same value that dlib reads.
    #[inline]
    pub(crate) fn finite_float(&mut self, name: &str) -> Result<f32, Damage> {
        let at = self.position();
        let (mantissa, exponent) = self.mantissa_and_exponent(name)?;
        let value = float(mantissa, exponent);
        if value.is_finite() {
            Ok(value)
        } else {
            Err(not_finite(at, name, value.into()))
        }
    }

    /// Fills `numbers` with floats, each read as by [`finite_float`](Self::finite_float).
    pub(crate) fn finite_floats(&mut self, numbers: &mut [f32], name: &str) -> Result<(), Damage> {
        if let Some(rest) = common_floats(self.rest, numbers) {
            self.rest = rest;
            return Ok(());
        }
        for number in numbers {
            *number = self.finite_float(name)?;
        }
        Ok(())
    }

    /// Reads a `double`, excluding infinities and NaN; the same value that dlib reads.
    pub(crate) fn finite_double(&mut self, name: &str) -> Result<f64, Damage> {
        let at = self.position();
        let (mantissa, exponent) = self.mantissa_and_exponent(name)?;
        let value = double(mantissa, exponent);
        if value.is_finite() {
            Ok(value)
        } else {
            Err(not_finite(at, name, value))
        }
    }

    /// Reads a `bool`: the character 1 or 0.
    pub(crate) fn boolean(&mut self, name: &str) -> Result<bool, Damage> {
        let (value, rest) = match self.rest.split_first() {
            Some((b'1', rest)) => (true, rest),
            Some((b'0', rest)) => (false, rest),
            Some((byte, _)) => {
                let what =
                    format!("expected {name} (the character 0 or 1), found the byte 0x{byte:02x}");
                return Err(Damage::new(self.position(), what));
            }
            None => return Err(self.cut_off(name)),
        };
        self.rest = rest;
        Ok(value)
    }

    /// Reads a number that must be `expected`.
    pub(crate) fn expect(&mut self, expected: usize, name: &str) -> Result<(), Damage> {
        let at = self.position();
        let found = self.index(name)?;
        if found == expected {
            return Ok(());
        }
        Err(Damage::new(
            at,
            format!("expected {expected} for {name}, found {found}"),
        ))
    }

    /// Reads a string that must be `expected`, such as the name of a layer.
    pub(crate) fn expect_text(&mut self, expected: &str) -> Result<(), Damage> {
        let at = self.position();
        let name = format!("the text \"{expected}\"");
        let length = self.count(1, &name)?;
        let found = self.take(length, &name)?;
        if found == expected.as_bytes() {
            return Ok(());
        }
        let shown = found.get(..SHOWN_TEXT_BYTES).unwrap_or(found);
        Err(Damage::new(
            at,
            format!("expected {name}, found \"{}\"", shown.escape_ascii()),
        ))
    }

    /// Reads a tensor whose size (samples, channels, rows, columns) must be `size`. Returns its
    /// numbers in this order, all of them finite. They are copied as they are, unlike those of
    /// [`finite_float`](Self::finite_float).
    pub(crate) fn tensor(&mut self, size: [usize; 4], name: &str) -> Result<Vec<f32>, Damage> {
        let at = self.position();
        self.expect(2, "the version of a tensor")?;
        self.expect_size(size, name)?;
        let length = size
            .iter()
            .try_fold(TENSOR_ITEM_BYTES, |product, &side| {
                product.checked_mul(side)
            })
            .ok_or_else(|| Damage::new(at, format!("{name} claims {size:?} numbers")))?;
        let start = self.position();
        let (items, _) = self.take(length, name)?.as_chunks();
        finite_numbers(items).map_err(|index| {
            let at = start + index * TENSOR_ITEM_BYTES;
            Damage::new(at, format!("a number of {name} is not finite"))
        })
    }

    /// Reads an alias tensor, which describes a view of a part of another tensor; its size must be
    /// `size`. It has no numbers of its own.
    pub(crate) fn alias_tensor(&mut self, size: [usize; 4], name: &str) -> Result<(), Damage> {
        self.expect(1, "the version of an alias tensor")?;
        self.expect_size(size, name)
    }

    /// Checks that every byte has been read.
    pub(crate) fn finish(&self) -> Result<(), Damage> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(Damage::new(
                self.position(),
                format!("the model ends here, but {left} more bytes follow"),
            )),
        }
    }

    fn expect_size(&mut self, size: [usize; 4], name: &str) -> Result<(), Damage> {
        let sides = ["samples", "channels", "rows", "columns"];
        for (expected, side) in size.into_iter().zip(sides) {
            self.expect(expected, &format!("the {side} of {name}"))?;
        }
        Ok(())
    }

    #[inline]
    fn mantissa_and_exponent(&mut self, name: &str) -> Result<(i64, i16), Damage> {
        if let Some((&item, rest)) = self.rest.split_first_chunk()
            && let Some(parts) = common_mantissa_and_exponent(item)
        {
            self.rest = rest;
            return Ok(parts);
        }
        self.any_mantissa_and_exponent(name)
    }

    #[cold]
    fn any_mantissa_and_exponent(&mut self, name: &str) -> Result<(i64, i16), Damage> {
        let at = self.position();
        let mantissa = self.integer(8, name)?;
        let exponent = i16::try_from(self.integer(2, name)?)
            .map_err(|_| Damage::new(at, format!("{name} has an impossible exponent")))?;
        Ok((mantissa, exponent))
    }

    /// Takes the next `length` bytes.
    fn take(&mut self, length: usize, name: &str) -> Result<&'a [u8], Damage> {
        let Some((taken, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.cut_off(name));
        };
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn dimension(&mut self, name: &str) -> Result<usize, Damage> {
        let at = self.position();
        let value = self.integer(8, name)?;
        // Zero has no sign; dlib writes an empty matrix as 0 x 0.
        if value > 0 {
            return Err(Damage::new(
                at,
                format!("expected the size of {name}, found the number {value}"),
            ));
        }
        usize::try_from(value.unsigned_abs())
            .map_err(|_| Damage::new(at, format!("the size of {name} is too large: {value}")))
    }

    #[inline]
    fn check_room(
        &self,
        at: usize,
        count: usize,
        item_bytes: usize,
        name: &str,
    ) -> Result<(), Damage> {
        let left = self.rest.len();
        if count <= left / item_bytes.max(1) {
            return Ok(());
        }
        let what =
            format!("{name} claims {count} items, more than the {left} bytes that follow can hold");
        Err(Damage::new(at, what))
    }

    /// Reads the control byte and the digits that it announces, at most `width` and at most 8.
    #[inline]
    fn sign_and_magnitude(&mut self, width: usize, name: &str) -> Result<(bool, u64), Damage> {
        let Some(&control) = self.rest.first() else {
            return Err(self.cut_off(name));
        };
        let length = usize::from(control & !(NEGATIVE | RESERVED));
        if control & RESERVED != 0 || length == 0 || length > width.min(8) {
            return Err(self.no_number(control, name));
        }
        let magnitude = match self.rest.first_chunk() {
            Some(&word) if length < WORD_BYTES => {
                let unused = 8 * (WORD_BYTES - 1 - length);
                (u64::from_le_bytes(word) << unused) >> (unused + 8)
            }
            _ => self.magnitude_bytewise(length, name)?,
        };
        self.rest = self.rest.get(1 + length..).unwrap_or_default();
        Ok((control & NEGATIVE != 0, magnitude))
    }

    /// Returns the number of `length` digits after the control byte. Also works near the end of the
    /// file.
    #[cold]
    fn magnitude_bytewise(&self, length: usize, name: &str) -> Result<u64, Damage> {
        match self.rest.get(1..=length) {
            Some(digits) => Ok(digits
                .iter()
                .rev()
                .fold(0, |value, &digit| (value << 8) | u64::from(digit))),
            None => Err(self.cut_off(name)),
        }
    }

    #[cold]
    fn no_number(&self, control: u8, name: &str) -> Damage {
        let what = format!("expected {name} (a number), found the byte 0x{control:02x}");
        Damage::new(self.position(), what)
    }

    #[cold]
    fn cut_off(&self, name: &str) -> Damage {
        Damage::new(
            self.length,
            format!("the file ends where {name} was expected"),
        )
    }
}

#[cold]
fn not_finite(at: usize, name: &str, value: f64) -> Damage {
    Damage::new(at, format!("{name} is no finite number but {value}"))
}

#[cfg(test)]
mod tests;
