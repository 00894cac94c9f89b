//! Reads dlib's serialization format from bytes that may be anything. In comes a byte slice, out come numbers, or a
//! [`Damage`] that names the byte at which the file stops making sense.
//!
//! No call panics, reads past the end or allocates. A count is given out only when the bytes that are left could
//! hold that many items. Where dlib has a choice (reserved bits, text numbers, the row-first matrix header), only
//! what dlib writes since 2013 is accepted, so that dlib reads every accepted number as the same value.
//!
//! Format: dlib/serialize.h and dlib/float_details.h.

/// The fewest bytes that dlib writes for a whole number: a control byte and one digit.
pub(crate) const MIN_INTEGER_BYTES: usize = 2;
/// The fewest bytes that dlib writes for a floating-point number: mantissa and exponent.
pub(crate) const MIN_FLOAT_BYTES: usize = 2 * MIN_INTEGER_BYTES;

/// The control byte's bit for a minus sign.
const NEGATIVE: u8 = 0x80;
/// The control byte's bits that dlib leaves at 0. Digits and letters have some of them set, so text is found out.
const RESERVED: u8 = 0x70;
/// Exponents from here on stand for infinity, minus infinity and "not a number".
const INFINITE: i16 = 32000;
const NEGATIVE_INFINITE: i16 = 32001;

/// Where a file stops making sense, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("damaged at byte {at}: {what}")]
pub(crate) struct Damage {
    /// The offset from the file's first byte, from 0 on.
    pub(crate) at: usize,
    /// What was expected and what is there.
    pub(crate) what: String,
}

impl Damage {
    /// The damage `what` at byte `at`.
    pub(crate) fn new(at: usize, what: impl Into<String>) -> Self {
        Self {
            at,
            what: what.into(),
        }
    }
}

/// A place in a byte slice, moving forward. `name` in its methods says in words what is read, for the message.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the first of `bytes`.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, at: 0 }
    }

    /// The offset of the byte that is read next.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// A C++ integer of `width` bytes: -(256^`width` - 1) to 256^`width` - 1, narrowed to `i64`.
    pub(crate) fn integer(&mut self, width: usize, name: &str) -> Result<i64, Damage> {
        let at = self.at;
        let (negative, magnitude) = self.sign_and_magnitude(width, name)?;
        let value = i64::try_from(magnitude)
            .map_err(|_| Damage::new(at, format!("{name} is too large a number: {magnitude}")))?;
        Ok(if negative { -value } else { value })
    }

    /// An index or a size: at least 0.
    pub(crate) fn index(&mut self, name: &str) -> Result<usize, Damage> {
        let at = self.at;
        let (negative, magnitude) = self.sign_and_magnitude(8, name)?;
        if negative {
            return Err(Damage::new(at, format!("{name} is negative")));
        }
        usize::try_from(magnitude)
            .map_err(|_| Damage::new(at, format!("{name} is too large a number: {magnitude}")))
    }

    /// The length of a vector whose items take at least `item_bytes` (1 or more) each; never more than the rest of
    /// the file can hold.
    pub(crate) fn count(&mut self, item_bytes: usize, name: &str) -> Result<usize, Damage> {
        let at = self.at;
        let count = self.index(name)?;
        self.check_room(at, count, item_bytes, name)?;
        Ok(count)
    }

    /// The rows and columns of a matrix of floats, which follow row by row; never more than the rest of the file can
    /// hold. dlib writes both as negative numbers.
    pub(crate) fn matrix_size(&mut self, name: &str) -> Result<(usize, usize), Damage> {
        let at = self.at;
        let rows = self.dimension(name)?;
        let columns = self.dimension(name)?;
        let count = rows
            .checked_mul(columns)
            .ok_or_else(|| Damage::new(at, format!("{name} claims {rows} x {columns} numbers")))?;
        self.check_room(at, count, MIN_FLOAT_BYTES, name)?;
        Ok((rows, columns))
    }

    /// A `float`, infinities and NaN excluded; the same value that dlib reads.
    pub(crate) fn finite_float(&mut self, name: &str) -> Result<f32, Damage> {
        let at = self.at;
        let mantissa = self.integer(8, name)?;
        let exponent = i16::try_from(self.integer(2, name)?)
            .map_err(|_| Damage::new(at, format!("{name} has an impossible exponent")))?;
        let value = float(mantissa, exponent);
        if value.is_finite() {
            Ok(value)
        } else {
            Err(Damage::new(
                at,
                format!("{name} is no finite number but {value}"),
            ))
        }
    }

    /// Succeeds when every byte has been read.
    pub(crate) fn finish(&self) -> Result<(), Damage> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(Damage::new(
                self.at,
                format!("the model ends here, but {left} more bytes follow"),
            )),
        }
    }

    fn dimension(&mut self, name: &str) -> Result<usize, Damage> {
        let at = self.at;
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

    fn check_room(
        &self,
        at: usize,
        count: usize,
        item_bytes: usize,
        name: &str,
    ) -> Result<(), Damage> {
        if count <= self.rest.len() / item_bytes.max(1) {
            return Ok(());
        }
        Err(Damage::new(
            at,
            format!(
                "{name} claims {count} items, more than the {} bytes that follow can hold",
                self.rest.len()
            ),
        ))
    }

    /// The control byte and the digits that it announces, at most `width` and at most 8.
    fn sign_and_magnitude(&mut self, width: usize, name: &str) -> Result<(bool, u64), Damage> {
        let at = self.at;
        let control = match self.rest.first() {
            Some(&control) => control,
            None => return Err(self.cut_off(name)),
        };
        let length = usize::from(control & !(NEGATIVE | RESERVED));
        if control & RESERVED != 0 || length == 0 || length > width.min(8) {
            return Err(Damage::new(
                at,
                format!("expected {name} (a number), found the byte 0x{control:02x}"),
            ));
        }
        let digits = match self.rest.get(1..=length) {
            Some(digits) => digits,
            None => return Err(self.cut_off(name)),
        };
        let magnitude = digits
            .iter()
            .rev()
            .fold(0_u64, |value, &digit| (value << 8) | u64::from(digit));
        self.rest = self.rest.get(1 + length..).unwrap_or_default();
        self.at += 1 + length;
        Ok((control & NEGATIVE != 0, magnitude))
    }

    fn cut_off(&self, name: &str) -> Damage {
        Damage::new(
            self.at + self.rest.len(),
            format!("the file ends where {name} was expected"),
        )
    }
}

/// `mantissa` * 2^`exponent`, or what the exponent stands for: `float_details::operator float`.
fn float(mantissa: i64, exponent: i16) -> f32 {
    match exponent {
        INFINITE => f32::INFINITY,
        NEGATIVE_INFINITE => f32::NEG_INFINITY,
        special if special > INFINITE => f32::NAN,
        _ => {
            // dlib rounds the mantissa to float first, then scales. In f64 every product of a float mantissa (below
            // 2^63) and 2^-500 to 2^500 is exact, so the only other rounding is the last one, as in ldexp. Beyond
            // these exponents the float is 0 or infinite anyway.
            let biased = 1023_i32 + i32::from(exponent).clamp(-500, 500);
            let power = f64::from_bits(u64::from(biased.unsigned_abs()) << 52);
            let rounded = mantissa as f32;
            (f64::from(rounded) * power) as f32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float_of(bytes: &[u8]) -> Result<f32, Damage> {
        let mut reader = Reader::new(bytes);
        let value = reader.finite_float("a number")?;
        reader.finish()?;
        Ok(value)
    }

    #[test]
    fn reads_the_numbers_that_dlib_writes() {
        for (bytes, expected) in [
            (&[1, 0][..], 0),
            (&[1, 42], 42),
            (&[2, 0xf4, 1], 500),
            (&[0x81, 10], -10),
            (&[2, 1, 0], 1),
            (&[8, 255, 255, 255, 255, 255, 255, 255, 127], i64::MAX),
        ] {
            let mut reader = Reader::new(bytes);
            assert_eq!(reader.integer(8, "n"), Ok(expected));
            assert_eq!(reader.position(), bytes.len());
            assert_eq!(reader.finish(), Ok(()));
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for bytes in [
            &[][..],
            &[0],
            &[1],
            &[3, 1, 2],
            &[9, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            &[0x31, 1],
            b"12 ",
            &[8, 0, 0, 0, 0, 0, 0, 0, 128],
        ] {
            assert!(Reader::new(bytes).integer(8, "n").is_err(), "{bytes:?}");
        }
        assert!(Reader::new(&[3, 1, 0, 0]).integer(2, "n").is_err());
    }

    #[test]
    fn says_at_which_byte_and_what_was_expected() {
        let mut reader = Reader::new(&[1, 1, 3, 7]);
        reader.index("the version").unwrap();
        assert_eq!(
            reader.index("the number of trees").unwrap_err().to_string(),
            "damaged at byte 4: the file ends where the number of trees was expected"
        );
        assert_eq!(
            Reader::new(b"hello")
                .index("the version")
                .unwrap_err()
                .to_string(),
            "damaged at byte 0: expected the version (a number), found the byte 0x68"
        );
    }

    #[test]
    fn a_negative_count_is_refused() {
        let damage = Reader::new(&[0x81, 3, 0, 0, 0])
            .count(1, "the count")
            .unwrap_err();
        assert_eq!(damage, Damage::new(0, "the count is negative"));
        // Minus zero, which dlib never writes.
        assert!(Reader::new(&[0x81, 0]).count(1, "the count").is_err());
    }

    #[test]
    fn a_count_has_room_in_what_follows() {
        assert_eq!(Reader::new(&[1, 2, 0, 0, 0, 0]).count(2, "n"), Ok(2));
        assert!(Reader::new(&[1, 3, 0, 0, 0, 0]).count(2, "n").is_err());
        let most = [8, 255, 255, 255, 255, 255, 255, 255, 255];
        assert!(Reader::new(&most).count(2, "n").is_err());
    }

    #[test]
    fn matrix_sizes_are_written_negative() {
        let mut bytes = vec![0x81, 2, 0x81, 3];
        bytes.extend([1, 0, 1, 0].repeat(6));
        assert_eq!(Reader::new(&bytes).matrix_size("m"), Ok((2, 3)));
        bytes.pop();
        assert!(Reader::new(&bytes).matrix_size("m").is_err());
        assert_eq!(Reader::new(&[1, 0, 1, 0]).matrix_size("m"), Ok((0, 0)));
        assert!(Reader::new(&[1, 2, 1, 0]).matrix_size("m").is_err());
        let huge = [0x88, 255, 255, 255, 255, 255, 255, 255, 127];
        assert!(Reader::new(&huge.repeat(2)).matrix_size("m").is_err());
    }

    #[test]
    fn floats_are_a_mantissa_and_an_exponent() {
        assert_eq!(float_of(&[3, 0x0a, 0xd7, 0xa3, 0x81, 0x1c]), Ok(0.04));
        assert_eq!(float_of(&[1, 0, 1, 0]), Ok(0.0));
        assert_eq!(float_of(&[0x81, 3, 0x81, 1]), Ok(-1.5));
        assert_eq!(float_of(&[1, 1, 2, 0x2c, 1]).unwrap_err().at, 0);
    }

    #[test]
    fn special_floats_are_not_finite() {
        for exponent in [32000_i16, 32001, 32002, 32767] {
            let [low, high] = exponent.to_le_bytes();
            assert!(float_of(&[1, 1, 2, low, high]).is_err());
        }
        assert!(float_of(&[1, 1, 2, 0, 0x80]).is_err());
        assert!(float_of(b"0.5 ").is_err());
    }

    #[test]
    fn floats_survive_the_way_through_dlibs_form() {
        for value in [
            f32::MAX,
            f32::MIN,
            f32::MIN_POSITIVE,
            f32::from_bits(1),
            f32::from_bits(0x007f_ffff),
            -std::f32::consts::PI,
        ] {
            let bits = value.to_bits();
            let fraction = i64::from(bits & 0x007f_ffff);
            let biased = i16::try_from((bits >> 23) & 0xff).unwrap();
            let (mantissa, exponent) = match biased {
                0 => (fraction, -149),
                _ => (fraction | 0x0080_0000, biased - 150),
            };
            let signed = if value < 0.0 { -mantissa } else { mantissa };
            assert_eq!(float(signed, exponent), value);
        }
        assert_eq!(float(1, -32000), 0.0);
        assert_eq!(float(0, 31999), 0.0);
        assert_eq!(float(-1, 31999), f32::NEG_INFINITY);
        assert_eq!(float(i64::MAX, -100), 2.0_f32.powi(-37));
    }
}
