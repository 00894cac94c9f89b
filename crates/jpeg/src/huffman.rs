//! Huffman tables of a JPEG (ITU-T T.81, Annex C), as lookup tables.

use super::bits::{BitReader, extend};

/// Maximum length of a code found by one lookup.
const LOOKUP_BITS: u32 = 10;

/// One step through the coefficients of a block: the number of bits it takes and the distance it
/// advances. Packed, so that the tables take little of the cache.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Step(u16);

impl Step {
    /// Advance that leaves every block.
    pub(super) const END: usize = 64;

    fn of_symbol(symbol: u8, code_length: u32) -> Self {
        let (run, size) = (u16::from(symbol >> 4), u16::from(symbol & 15));
        let advance = match (run, size) {
            (0..15, 0) => Self::END as u16,
            _ => run + 1,
        };
        let length = code_length as u16 + size;
        Self(length | size << 5 | advance << 9)
    }

    /// Returns the number of bits of the code and of the value; 0 for a code longer than the
    /// lookup.
    #[inline(always)]
    pub(super) fn length(self) -> u32 {
        u32::from(self.0 & 0x1F)
    }

    /// Returns the number of bits of the value.
    #[inline(always)]
    pub(super) fn size(self) -> u32 {
        u32::from(self.0 >> 5 & 15)
    }

    /// Returns the number of coefficients to advance, including the one with the value;
    /// [`Self::END`] for the rest of the block.
    #[inline(always)]
    pub(super) fn advance(self) -> usize {
        usize::from(self.0 >> 9)
    }

    /// Returns the coefficient's value, or 0 if there is none, and uses up its bits and those of
    /// the code.
    #[inline(always)]
    pub(super) fn take_value(self, bits: &mut BitReader) -> i32 {
        let value = extend(bits.peek_behind(self.length(), self.size()), self.size());
        bits.consume(self.length());
        value
    }
}

/// A Huffman table.
pub(super) struct HuffmanTable {
    /// Length, or 0, and symbol of the code that the next bits start with.
    lookup: Box<[(u8, u8); 1 << LOOKUP_BITS]>,
    steps: Box<[Step; 1 << LOOKUP_BITS]>,
    symbols: Vec<u8>,
    /// For each length up to 16: the code after its last one, shifted to 16 bits, and the offset
    /// from a code to the index of its symbol.
    limits: [(u32, i32); 17],
}

impl HuffmanTable {
    /// Creates the table with `counts[i]` codes of length `i + 1` for `symbols`. Returns `None` if
    /// these are not valid codes.
    pub(super) fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut table = Self {
            lookup: Box::new([(0, 0); 1 << LOOKUP_BITS]),
            steps: Box::new([Step::default(); 1 << LOOKUP_BITS]),
            symbols: symbols.to_vec(),
            limits: [(0, 0); 17],
        };
        let (mut code, mut place) = (0_u32, 0_usize);
        for (length, &count) in (1_u32..).zip(counts) {
            let first = (code, place);
            for _ in 0..count {
                table.enter(code, length, *symbols.get(place)?);
                code += 1;
                place += 1;
            }
            if code > 1 << length {
                return None;
            }
            table.limits[length as usize] =
                (code << (16 - length), first.1 as i32 - first.0 as i32);
            code <<= 1;
        }
        (place == symbols.len()).then_some(table)
    }

    fn enter(&mut self, code: u32, length: u32, symbol: u8) {
        if length > LOOKUP_BITS {
            return;
        }
        let free_bits = LOOKUP_BITS - length;
        let step = Step::of_symbol(symbol, length);
        for bits in (code << free_bits)..((code + 1) << free_bits) {
            if let Some(entry) = self.lookup.get_mut(bits as usize) {
                *entry = (length as u8, symbol);
                self.steps[bits as usize] = step;
            }
        }
    }

    /// Returns the next symbol and uses up its code, at most 16 bits.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: &mut BitReader) -> Option<u8> {
        let (length, symbol) = self.lookup[bits.peek(LOOKUP_BITS) as usize];
        if length == 0 {
            let (length, symbol) = self.long_symbol(bits.peek(16))?;
            bits.consume(length);
            return Some(symbol);
        }
        bits.consume(u32::from(length));
        Some(symbol)
    }

    /// Returns the difference of the next DC coefficient to the previous one and uses up its bits,
    /// at most 31. The symbol is its size.
    #[inline(always)]
    pub(super) fn value(&self, bits: &mut BitReader) -> Option<i32> {
        Some(self.step(bits)?.take_value(bits))
    }

    /// Returns length and symbol of the long code that the 16 bits `next` start with.
    #[cold]
    #[inline(never)]
    fn long_symbol(&self, next: u32) -> Option<(u32, u8)> {
        let length = (LOOKUP_BITS + 1..=16).find(|&l| next < self.limits[l as usize].0)?;
        let place = (next >> (16 - length)) as i32 + self.limits[length as usize].1;
        let symbol = self.symbols.get(usize::try_from(place).ok()?)?;
        Some((length, *symbol))
    }

    /// Returns the step that the `count` bits of `bits` start with, or `None` for a longer code.
    /// `count` must be at least the size of a lookup.
    pub(super) fn short_step(&self, bits: u32, count: u32) -> Option<Step> {
        let step = *self.steps.get((bits >> (count - LOOKUP_BITS)) as usize)?;
        (step.length() > 0).then_some(step)
    }

    /// Returns the next step without using up its bits.
    #[inline(always)]
    pub(super) fn step(&self, bits: &BitReader) -> Option<Step> {
        let step = self.steps[bits.peek(LOOKUP_BITS) as usize];
        if step.length() == 0 {
            let (length, symbol) = self.long_symbol(bits.peek(16))?;
            return Some(Step::of_symbol(symbol, length));
        }
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a table with a code of one bit, one of two, and so on up to 16.
    fn staircase() -> HuffmanTable {
        let symbols: Vec<u8> = (0..16).map(|i| i << 4 | (i & 3)).collect();
        HuffmanTable::new(&[1; 16], &symbols).unwrap()
    }

    #[test]
    fn codes_of_every_length_are_found() {
        let table = staircase();
        for length in 1..=16_u32 {
            // Ones, the zero that ends the code, and ones again for the value and the bits after
            // it.
            let bytes = (!(1_u64 << (64 - length))).to_be_bytes();
            let stuff = |byte| {
                if byte == 0xFF {
                    vec![byte, 0]
                } else {
                    vec![byte]
                }
            };
            let stuffed: Vec<u8> = bytes.into_iter().flat_map(stuff).collect();
            let mut bits = BitReader::new(&stuffed, 0);
            bits.refill();
            let wanted = table.symbols[length as usize - 1];
            let step = table.step(&bits).unwrap();
            assert_eq!(
                step.length(),
                length + u32::from(wanted & 15),
                "length {length}"
            );
            assert_eq!(table.symbol(&mut bits), Some(wanted), "length {length}");
        }
    }

    #[test]
    fn a_step_tells_run_size_and_value() {
        let read = |table: &HuffmanTable, byte: u8| {
            let bytes = [byte, 0, 0, 0];
            let mut bits = BitReader::new(&bytes, 0);
            bits.refill();
            let step = table.step(&bits).unwrap();
            (step.length(), step.advance(), step.take_value(&mut bits))
        };
        // Codes 0, 10 and 110: a value of two bits after a run of 3, one of 15 bits, and the end of
        // the block.
        let table = HuffmanTable::new(
            &[1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x32, 0x0F, 0x00],
        )
        .unwrap();
        assert_eq!(read(&table, 0b0110_0000), (3, 4, 3));
        assert_eq!(read(&table, 0b0000_0000), (3, 4, -3));
        assert_eq!(read(&table, 0b1000_0000), (17, 1, -0x7FFF));
        assert_eq!(read(&table, 0b1100_0000), (3, Step::END, 0));
    }

    #[test]
    fn what_is_no_set_of_codes_is_refused() {
        let mut counts = [0; 16];
        counts[0] = 3;
        assert!(
            HuffmanTable::new(&counts, &[1, 2, 3]).is_none(),
            "three codes of one bit"
        );
        counts[0] = 2;
        assert!(
            HuffmanTable::new(&counts, &[1]).is_none(),
            "a symbol is missing"
        );
        assert!(
            HuffmanTable::new(&counts, &[1, 2, 3]).is_none(),
            "a symbol too many"
        );
        assert!(
            staircase().long_symbol(0xFFFF).is_none(),
            "no code has 16 ones"
        );
    }
}
