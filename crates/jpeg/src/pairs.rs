//! The AC coefficients of a sequential JPEG, up to two with one lookup. In: a Huffman table and the next bits. Out: what
//! they hold. A lookup has to wait for the one before it, and nothing takes longer when a JPEG is decoded.

use super::bits::{BitReader, LOADED, extend};
use super::huffman::{HuffmanTable, Step};

/// How many bits are looked at.
const BITS: u32 = 11;

/// How many lookups there are bits for after [`BitReader::refill`].
pub(super) const LOOKUPS: u32 = LOADED / BITS;

/// What the next bits hold: one or two coefficients, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    /// How many bits the codes and values take.
    length: u8,
    /// How far forward the places behind the first and behind the second coefficient are; twice the same for a lone one.
    ends: [u8; 2],
    /// How far forward there must be coefficients of the block: so far as the first of two reaches. A block of 64 ends
    /// without a code for it, and what comes then is of another block. [`Step::END`] when there is none.
    reach: u8,
    values: [i16; 2],
}

/// A coefficient that some bits hold in full.
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

    /// What `bits`, [`BITS`] of them, hold.
    fn new(table: &HuffmanTable, bits: u32) -> Self {
        let Some(first) = Coefficient::new(table, bits, BITS) else {
            return Self::NONE;
        };
        // Behind the known bits come zeros, which are not taken for bits below.
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

    /// Whether the bits hold a coefficient, and no more of them than a block has from `place` on.
    #[inline(always)]
    pub(super) fn fits(&self, place: usize) -> bool {
        place + usize::from(self.reach) < 64
    }

    /// The places behind the coefficients from `place` on, and their values; from place 65 on where the block ends.
    #[inline(always)]
    pub(super) fn coefficients(&self, place: usize) -> [(usize, i32); 2] {
        [0, 1].map(|i| (place + usize::from(self.ends[i]), self.values[i].into()))
    }

    /// How many bits the codes and values take.
    #[inline(always)]
    pub(super) fn length(&self) -> u32 {
        self.length.into()
    }
}

impl Coefficient {
    /// The one that `bits`, [`BITS`] of them, begin with, if the first `known` of them hold it.
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

/// The pairs of a Huffman table, for all bits that may come next.
pub(super) struct Pairs(Box<[Pair; 1 << BITS]>);

impl Pairs {
    /// Those of the codes of `table`.
    pub(super) fn new(table: &HuffmanTable) -> Self {
        let mut pairs = Box::new([Pair::NONE; 1 << BITS]);
        for (bits, pair) in (0..).zip(pairs.iter_mut()) {
            *pair = Pair::new(table, bits);
        }
        Self(pairs)
    }

    /// What the next bits hold. They stay.
    #[inline(always)]
    pub(super) fn next(&self, bits: &BitReader) -> Pair {
        self.0[bits.peek(BITS) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the pairs of a table say of 11 bits: the length, what comes at `place` and after it, and whether that fits
    /// into the block.
    fn read(bits: &str, place: usize) -> (u32, [(usize, i32); 2], bool) {
        // Codes 0, 10 and 110: a value of two bits after a run of 3, one of 15 bits, and the end of the block.
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
        // Codes of one bit to 16, with runs and sizes of all kinds.
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
                // A code that is not looked up is none of a pair's.
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
        // None, one and two coefficients all come.
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
        // The first of the two is the last of its block: no code for the end comes between them.
        assert!(read("010 010 11 111", 59).2);
        assert!(!read("010 010 11 111", 60).2);
        // A lone one fits as long as the block has a place.
        assert!(read("010 101 11 111", 63).2);
    }

    #[test]
    fn a_coefficient_that_is_too_long_stays_alone_or_does_not_fit() {
        assert_eq!(read("011 101 11 111", 10), (3, [(14, 3), (14, 3)], true));
        assert!(!read("101 111 11 111", 1).2);
    }
}
