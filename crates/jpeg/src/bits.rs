//! The bits of a JPEG scan, most significant first, without the stuffed zeros (ITU-T T.81,
//! F.2.2.5).

/// Number of bits available after [`BitReader::refill`].
pub(super) const LOADED: u32 = 49;

/// Reads bits up to the next marker. Zeros follow after it, and [`BitReader::is_overdrawn`] reports
/// that they were used, so callers need not check at each bit. Rare operations take the reader by
/// value: a reader whose address is never taken is kept in registers.
#[derive(Clone, Copy)]
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// Index of the next byte to load.
    next: usize,
    /// Loaded bits, starting at the most significant one; zeros after them.
    loaded: u64,
    /// Number of loaded bits; below zero if more were used than there are.
    count: i32,
}

impl<'a> BitReader<'a> {
    /// Creates a reader of the bits of `bytes` from `start` on.
    pub(super) fn new(bytes: &'a [u8], start: usize) -> Self {
        Self {
            bytes,
            next: start,
            loaded: 0,
            count: 0,
        }
    }

    /// Makes sure that [`LOADED`] bits are loaded, or as many as there are.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        match self.bytes.get(self.next..).and_then(<[u8]>::first_chunk) {
            // The bits of a partly used byte are loaded again with it: they are the same.
            Some(&word) if !has_marker_byte(u64::from_be_bytes(word)) => {
                // Overdrawn bits have a marker before them, so this is 0 to 63.
                let count = self.count & 63;
                let length = (63 - count) / 8;
                self.loaded |= u64::from_be_bytes(word) >> count;
                self.next += length as usize;
                self.count = count + 8 * length;
            }
            _ => *self = self.refilled_bytewise(),
        }
    }

    #[cold]
    #[inline(never)]
    fn refilled_bytewise(mut self) -> Self {
        while self.count < LOADED as i32 {
            let (byte, length) = match self.bytes.get(self.next) {
                Some(0xFF) if self.bytes.get(self.next + 1) == Some(&0) => (0xFF, 2),
                None | Some(0xFF) => break,
                Some(&byte) => (byte, 1),
            };
            self.loaded |= u64::from(byte) << (56 - self.count).clamp(0, 63);
            self.count += 8;
            self.next += length;
        }
        self
    }

    /// Returns the next `length` bits, 0 to 32, without using them up.
    #[inline(always)]
    pub(super) fn peek(&self, length: u32) -> u32 {
        (self.loaded >> 1 >> (63 - length)) as u32
    }

    /// Returns the last `size`, 0 to 15, of the next `length` bits, at most 31, without using them
    /// up.
    #[inline(always)]
    pub(super) fn peek_behind(&self, length: u32, size: u32) -> u32 {
        let next = self.loaded >> 1 >> (63 - length);
        next as u32 & ((1 << size) - 1)
    }

    /// Uses up `length` bits, at most 32. No more than [`LOADED`] may be used between two calls of
    /// [`Self::refill`].
    #[inline(always)]
    pub(super) fn consume(&mut self, length: u32) {
        self.loaded <<= length;
        self.count -= length as i32;
    }

    /// Returns the next `length` bits, 0 to 16, and uses them up.
    #[inline(always)]
    pub(super) fn take(&mut self, length: u32) -> u32 {
        let bits = self.peek(length);
        self.consume(length);
        bits
    }

    /// Returns the next `size` bits, 0 to 15, as a signed number (T.81, F.2.2.1, EXTEND), and uses
    /// them up.
    #[inline(always)]
    pub(super) fn take_signed(&mut self, size: u32) -> i32 {
        extend(self.take(size), size)
    }

    /// Returns whether more bits were used than there are before the next marker.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.count < 0
    }

    /// Returns the end of the used bits, or `None` if more were used than there are.
    pub(super) fn end(self) -> Option<End> {
        let loaded = self.refilled_bytewise();
        let left = u32::try_from(loaded.count).ok()?;
        let next = (0..left / 8).fold(loaded.next, |end, _| self.previous_byte(end));
        let used = self.bytes.get(..next)?;
        let is_padded = loaded.peek(left % 8) == (1 << (left % 8)) - 1;
        let follows = &self.bytes[next..];
        // A file recovered from a memory card has zeros where data was lost, and they are valid
        // codes.
        let is_among_zeros = used.ends_with(&[0]) && follows.starts_with(&[0]);
        Some(End {
            next,
            is_certain: matches!(follows, [] | [0xFF]) || is_padded && !is_among_zeros,
        })
    }

    /// Returns the start of the byte of data that ends before `end`.
    fn previous_byte(&self, end: usize) -> usize {
        let is_stuffed = self
            .bytes
            .get(..end)
            .is_some_and(|b| b.ends_with(&[0xFF, 0]));
        end.saturating_sub(1 + usize::from(is_stuffed))
    }

    /// Returns the bits after the restart marker with this number, 0 to 7, or `None` if another
    /// marker comes next. Bytes before it are skipped, since webcams write too many.
    pub(super) fn after_restart(self, number: u8) -> Option<Self> {
        let loaded = self.refilled_bytewise();
        if loaded.is_overdrawn() {
            return None;
        }
        let mut at = loaded.next;
        loop {
            at += memchr::memchr(0xFF, self.bytes.get(at..)?)?;
            match *self.bytes.get(at + 1)? {
                0x00 => at += 2,
                0xFF => at += 1,
                code if code == 0xD0 + number => return Some(Self::new(self.bytes, at + 2)),
                _ => return None,
            }
        }
    }
}

/// The end of a scan's bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    /// Index of the first unused byte.
    pub(super) next: usize,
    /// True if the bits end the way encoders end them: at the end of the file, or padded with ones.
    /// Bits decoded from the data after a cut-off scan rarely do.
    pub(super) is_certain: bool,
}

/// Interval of restart markers, in minimum coded units; 0 for none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Restarts(pub(super) u32);

impl Restarts {
    /// Returns the number of the restart marker before the unit `unit`, if there is one.
    #[inline(always)]
    pub(super) fn before(self, unit: u32) -> Option<u8> {
        if self.0 == 0 || unit == 0 || !unit.is_multiple_of(self.0) {
            return None;
        }
        Some(((unit / self.0 - 1) % 8) as u8)
    }
}

/// Returns the `size` bits of `bits` as a signed number.
#[inline(always)]
pub(super) fn extend(bits: u32, size: u32) -> i32 {
    let (bits, limit) = (bits as i32, 1_i32 << size);
    // Without a branch, which would be taken about half of the time: all ones for a number below
    // zero.
    let is_negative = (bits - (limit >> 1)) >> 31;
    bits + (is_negative & (1 - limit))
}

/// Returns whether one of the eight bytes is 0xFF.
#[inline(always)]
fn has_marker_byte(word: u64) -> bool {
    // A byte of the inverse is zero. The usual bit trick borrows from a byte's top bit only if the
    // byte is zero.
    (!word).wrapping_sub(0x0101_0101_0101_0101) & word & 0x8080_8080_8080_8080 != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_have_the_signs_of_the_standard() {
        assert_eq!([0, 1, 2, 3].map(|bits| extend(bits, 2)), [-3, -2, 2, 3]);
        assert_eq!([0, 1].map(|bits| extend(bits, 1)), [-1, 1]);
        assert_eq!(extend(0, 0), 0);
    }

    #[test]
    fn restart_markers_are_counted_from_0_to_7() {
        let numbers: Vec<_> = (0..20).map(|unit| Restarts(2).before(unit)).collect();
        assert_eq!(numbers[..5], [None, None, Some(0), None, Some(1)]);
        assert_eq!(numbers[16..19], [Some(7), None, Some(0)]);
        assert_eq!(Restarts(0).before(7), None);
    }

    #[test]
    fn only_the_restart_marker_that_is_due_is_passed() {
        let bytes = [0x12, 0xFF, 0, 0x56, 0xFF, 0xFF, 0xD3, 0x34];
        let mut bits = BitReader::new(&bytes, 0);
        bits.refill();
        bits.consume(5);
        assert!(bits.after_restart(2).is_none());
        let mut after = bits.after_restart(3).unwrap();
        after.refill();
        assert_eq!(after.take(8), 0x34);
        bits.consume(20);
        assert!(bits.after_restart(3).is_none(), "too few bits");
    }

    /// Returns the end of the bits of `bytes` after `used` of them.
    fn end(bytes: &[u8], used: u32) -> Option<End> {
        let mut bits = BitReader::new(bytes, 0);
        for _ in 0..used {
            bits.refill();
            bits.consume(1);
        }
        bits.end()
    }

    #[test]
    fn bits_end_with_ones_or_with_the_file() {
        let certain = |next| {
            Some(End {
                next,
                is_certain: true,
            })
        };
        let uncertain = |next| {
            Some(End {
                next,
                is_certain: false,
            })
        };
        assert_eq!(end(&[0x12, 0x30], 12), certain(2), "nothing follows");
        assert_eq!(end(&[0x12, 0x30, 0xFF], 12), certain(2), "half a marker");
        assert_eq!(end(&[0x12, 0x3F, 0, 0], 12), certain(2), "ones, then zeros");
        assert_eq!(end(&[0x12, 0x34, 0, 0], 16), certain(2), "whole bytes");
        assert_eq!(end(&[0x12, 0x30, 0, 0], 12), uncertain(2), "no ones");
        assert_eq!(end(&[0x12, 0, 0, 0], 16), uncertain(2), "among zeros");
        assert_eq!(end(&[0x12, 0x34], 17), None, "too few bits");
        let stuffed = [0x1F, 0xFF, 0, 0xFF, 0, 9, 9, 9, 9, 9, 9, 9, 9];
        assert_eq!(end(&stuffed, 4), certain(1));
        assert_eq!(end(&stuffed, 16), certain(3));
        assert_eq!(end(&stuffed, 20), certain(5));
    }

    proptest! {
        #[test]
        fn what_was_stuffed_comes_back(
            content in proptest::collection::vec(prop_oneof![Just(0xFF_u8), Just(0), any::<u8>()], 0..60),
            lengths in proptest::collection::vec(1..=16_u32, 60),
        ) {
            let mut stuffed = Vec::new();
            for &byte in &content {
                stuffed.push(byte);
                if byte == 0xFF {
                    stuffed.push(0);
                }
            }
            stuffed.extend([0xFF, 0xD9]);
            let wanted: Vec<u32> = content.iter().flat_map(|b| (0..8).rev().map(move |i| u32::from(b >> i & 1))).collect();
            let mut bits = BitReader::new(&stuffed, 0);
            let mut used = 0;
            for length in lengths {
                bits.refill();
                let got = bits.take(length);
                let expected = (used..used + length as usize)
                    .fold(0, |sum, at| sum << 1 | wanted.get(at).copied().unwrap_or(0));
                prop_assert_eq!(got, expected);
                used += length as usize;
                prop_assert_eq!(bits.is_overdrawn(), used > wanted.len());
            }
        }
    }
}
