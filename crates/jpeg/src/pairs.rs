//! The AC coefficients of a sequential JPEG, up to two with one lookup. Input: a Huffman table and
//! the next bits. Output: the coefficients in them. Each lookup has to wait for the one before it,
//! and these lookups take most of the decoding time.

use super::bits::{BitReader, LOADED, extend};
use super::huffman::{HuffmanTable, Step};

/// Number of bits in a lookup.
const BITS: u32 = 11;

/// Number of lookups that [`BitReader::refill`] loads bits for.
pub(super) const LOOKUPS: u32 = LOADED / BITS;

/// The content of the next bits: one or two coefficients, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    /// Number of bits of the codes and values.
    length: u8,
    /// Distances to the places after the first and after the second coefficient; equal if there is
    /// only one.
    ends: [u8; 2],
    /// Number of coefficients that the block must have ahead: the advance of the first of two. A
    /// full block of 64 ends without a code, and the bits after it belong to another block.
    /// [`Step::END`] if there is no coefficient.
    reach: u8,
    values: [i16; 2],
}

/// A coefficient whose bits are all known.
#[derive(Clone, Copy)]
struct Coefficient {
    length: u32,
    advance: usize,
    value: i16,
}

impl Pair {
    const NONE: Self = Self {
        length: 0,
        ends: [0; 2],
        reach: Step::END as u8,
        values: [0; 2],
    };

    /// Decodes the [`BITS`] bits of `bits`.
    fn new(table: &HuffmanTable, bits: u32) -> Self {
        let Some(first) = Coefficient::new(table, bits, BITS) else {
            return Self::NONE;
        };
        // Zeros follow after the known bits; `Coefficient::new` does not take them for bits.
        let rest = bits << first.length & ((1 << BITS) - 1);
        let second = Coefficient::new(table, rest, BITS - first.length);
        match second.filter(|_| first.advance < Step::END) {
            Some(second) => Self {
                length: (first.length + second.length) as u8,
                ends: [first.advance, first.advance + second.advance].map(|end| end as u8),
                reach: first.advance as u8,
                values: [first.value, second.value],
            },
            None => Self {
                length: first.length as u8,
                ends: [first.advance as u8; 2],
                reach: 0,
                values: [first.value; 2],
            },
        }
    }

    /// Returns whether the bits hold a coefficient, and no more of them than a block has from
    /// `place` on.
    #[inline(always)]
    pub(super) fn fits(&self, place: usize) -> bool {
        place + usize::from(self.reach) < 64
    }

    /// Returns the places after the coefficients from `place` on, and their values; from place 65
    /// on if the block ends.
    #[inline(always)]
    pub(super) fn coefficients(&self, place: usize) -> [(usize, i32); 2] {
        [0, 1].map(|i| (place + usize::from(self.ends[i]), self.values[i].into()))
    }

    /// Returns the number of bits of the codes and values.
    #[inline(always)]
    pub(super) fn length(&self) -> u32 {
        self.length.into()
    }
}

impl Coefficient {
    /// Returns the coefficient that the [`BITS`] bits of `bits` start with, if the first `known` of
    /// them hold it completely.
    fn new(table: &HuffmanTable, bits: u32, known: u32) -> Option<Self> {
        let step = table.short_step(bits, BITS)?;
        let behind = known.checked_sub(step.length())? + (BITS - known);
        let value = bits >> behind & ((1 << step.size()) - 1);
        Some(Self {
            length: step.length(),
            advance: step.advance(),
            value: extend(value, step.size()) as i16,
        })
    }
}

/// The pairs of a Huffman table, for all values of the next bits.
pub(super) struct Pairs(Box<[Pair; 1 << BITS]>);

impl Pairs {
    /// Creates the pairs for the codes of `table`.
    pub(super) fn new(table: &HuffmanTable) -> Self {
        let mut pairs = Box::new([Pair::NONE; 1 << BITS]);
        for (bits, pair) in (0..).zip(pairs.iter_mut()) {
            *pair = Pair::new(table, bits);
        }
        Self(pairs)
    }

    /// Returns the content of the next bits without using them up.
    #[inline(always)]
    pub(super) fn next(&self, bits: &BitReader) -> Pair {
        self.0[bits.peek(BITS) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes 11 bits: returns the length, the coefficients at `place` and after it, and whether
    /// they fit into the block.
    fn read(bits: &str, place: usize) -> (u32, [(usize, i32); 2], bool) {
        // Codes 0, 10 and 110: a value of two bits after a run of 3, one of 15 bits, and the end of
        // the block.
        let table = HuffmanTable::new(
            &[1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x32, 0x0F, 0x00],
        )
        .unwrap();
        let bits = u16::from_str_radix(&bits.replace(' ', ""), 2).unwrap();
        let bytes = (bits << 5).to_be_bytes();
        let mut reader = BitReader::new(&bytes, 0);
        reader.refill();
        let pair = Pairs::new(&table).next(&reader);
        (pair.length(), pair.coefficients(place), pair.fits(place))
    }

    #[test]
    fn pairs_are_what_single_steps_read() {
        // Codes of 1 to 16 bits, with runs and sizes of all kinds.
        let symbols: Vec<u8> = (0..16).map(|i| i << 4 | ((i * 5) & 7)).collect();
        let table = HuffmanTable::new(&[1; 16], &symbols).unwrap();
        let pairs = Pairs::new(&table);
        let mut seen = [0; 3];
        for bits in 0..1_u16 << BITS {
            let bytes: Vec<u8> = (bits << 5)
                .to_be_bytes()
                .into_iter()
                .flat_map(|byte| [byte, 0].into_iter().take(1 + usize::from(byte == 0xFF)))
                .chain([0; 8])
                .collect();
            let mut reader = BitReader::new(&bytes, 0);
            reader.refill();
            let pair = pairs.next(&reader);
            let (mut length, mut place, mut wanted) = (0, 1, Vec::new());
            while wanted.len() < 2 && place < 64 {
                let step = table.step(&reader).unwrap();
                // A code that is too long for the lookup is not part of a pair.
                if length + step.length() > BITS
                    || table.short_step(reader.peek(BITS), BITS).is_none()
                {
                    break;
                }
                length += step.length();
                place += step.advance();
                wanted.push((place, step.take_value(&mut reader)));
            }
            seen[wanted.len()] += 1;
            assert_eq!(pair.fits(1), !wanted.is_empty(), "{bits:011b}");
            if let (Some(first), Some(last)) = (wanted.first(), wanted.last()) {
                assert_eq!(pair.length(), length, "{bits:011b}");
                assert_eq!(pair.coefficients(1), [*first, *last], "{bits:011b}");
            }
        }
        // Pairs with no, one and two coefficients all occur.
        assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    }

    #[test]
    fn two_coefficients_are_read_at_once() {
        assert_eq!(read("011 001 01 101", 10), (6, [(14, 3), (18, -2)], true));
    }

    #[test]
    fn a_coefficient_may_come_with_the_end_of_its_block() {
        let (length, [first, (end, _)], fits) = read("010 110 11 111", 10);
        assert_eq!((length, first, fits), (6, (14, 2), true));
        assert!(end > 64);
        let (length, ends, fits) = read("110 010 01 001", 63);
        assert_eq!((length, fits), (3, true));
        assert!(ends.iter().all(|(end, _)| *end > 64), "{ends:?}");
    }

    #[test]
    fn what_follows_a_full_block_is_left_to_the_next_one() {
        // The first of the two is the last of its block: there is no end code between them.
        assert!(read("010 010 11 111", 59).2);
        assert!(!read("010 010 11 111", 60).2);
        // A single coefficient fits as long as the block has a place.
        assert!(read("010 101 11 111", 63).2);
    }

    #[test]
    fn a_coefficient_that_is_too_long_stays_alone_or_does_not_fit() {
        assert_eq!(read("011 101 11 111", 10), (3, [(14, 3), (14, 3)], true));
        assert!(!read("101 111 11 111", 1).2);
    }
}
