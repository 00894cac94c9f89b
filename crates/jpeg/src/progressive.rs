//! A progressive JPEG: its scans contain the coefficients of all blocks bit by bit, and only then
//! can the pixels be computed (ITU-T T.81, Annex G).

use super::bits::{BitReader, End};
use super::error::JpegError;
use super::header::{Headers, Scan, ScanComponent};
use super::huffman::HuffmanTable;
use super::planes::{Layout, UNITS};
use crate::MAX_DECODED_BYTES;

/// The coefficients of a block in zigzag order.
type Block = [i16; 64];

/// The coefficients of all components.
pub(super) struct Coefficients(Vec<Vec<Block>>);

impl Coefficients {
    /// Creates coefficients for the planes of `layout`, all zero.
    ///
    /// # Errors
    /// [`JpegError::TooLarge`] if they would take too much memory.
    pub(super) fn new(layout: &Layout) -> Result<Self, JpegError> {
        let counts: Vec<usize> = layout
            .planes
            .iter()
            .map(|p| p.blocks.0 * p.blocks.1)
            .collect();
        let bytes = (counts.iter().sum::<usize>() * size_of::<Block>()) as u64;
        if bytes > MAX_DECODED_BYTES {
            return Err(JpegError::TooLarge { bytes });
        }
        Ok(Self(
            counts
                .into_iter()
                .map(|count| vec![[0; 64]; count])
                .collect(),
        ))
    }

    /// Reads `scan`. Returns `None` if it is damaged.
    pub(super) fn read_scan(
        &mut self,
        headers: &Headers,
        layout: &Layout,
        scan: &Scan,
    ) -> Option<End> {
        let bits = BitReader::new(headers.bytes, scan.start);
        match (scan.band, &scan.components[..]) {
            ((0, 0), _) => self.read_dc(headers, layout, scan, bits),
            ((first, last), &[component]) if first > 0 && first <= last && last < 64 => {
                let band = Band {
                    first,
                    last,
                    step: 1 << scan.shift,
                    waiting: 0,
                };
                self.read_ac(headers, layout, scan, component, band, bits)
            }
            _ => None,
        }
    }

    fn read_dc(
        &mut self,
        headers: &Headers,
        layout: &Layout,
        scan: &Scan,
        mut bits: BitReader,
    ) -> Option<End> {
        let unit = layout.unit(scan)?;
        let mut predicted = [0_i32; 4];
        let mut number = 0;
        for y in 0..unit.count.1 {
            for x in 0..unit.count.0 {
                if let Some(restart) = headers.restarts.before(number) {
                    bits = bits.after_restart(restart)?;
                    predicted = [0; 4];
                }
                number += 1;
                for component in &scan.components {
                    let plane = layout.planes.get(component.index)?;
                    let blocks = self.0.get_mut(component.index)?;
                    let table = headers.dc_tables.get(component.dc_table)?.as_ref();
                    let predicted = predicted.get_mut(component.index)?;
                    let (columns, rows) = unit.blocks(plane);
                    for row in y * rows..(y + 1) * rows {
                        for column in x * columns..(x + 1) * columns {
                            let block = blocks.get_mut(row * plane.blocks.0 + column)?;
                            bits.refill();
                            if scan.is_refinement {
                                block[0] |= (bits.take(1) << scan.shift) as i16;
                            } else {
                                *predicted = predicted.wrapping_add(table?.value(&mut bits)?);
                                block[0] = (*predicted << scan.shift) as i16;
                            }
                        }
                    }
                }
                if bits.is_overdrawn() {
                    return None;
                }
            }
        }
        bits.end()
    }

    fn read_ac(
        &mut self,
        headers: &Headers,
        layout: &Layout,
        scan: &Scan,
        component: ScanComponent,
        mut band: Band,
        mut bits: BitReader,
    ) -> Option<End> {
        let plane = layout.planes.get(component.index)?;
        let table = headers.ac_tables.get(component.ac_table)?.as_ref()?;
        let rows = self
            .0
            .get_mut(component.index)?
            .chunks_exact_mut(plane.blocks.0);
        let own_blocks = rows
            .take(plane.own_blocks.1)
            .flat_map(|row| row.iter_mut().take(plane.own_blocks.0));
        for (unit, block) in (0..).zip(own_blocks) {
            if let Some(number) = headers.restarts.before(unit) {
                bits = bits.after_restart(number)?;
                band.waiting = 0;
            }
            if scan.is_refinement {
                band.refine(block, table, &mut bits)?;
            } else {
                band.read(block, table, &mut bits)?;
            }
            if bits.is_overdrawn() {
                return None;
            }
        }
        bits.end()
    }

    /// Writes the pixels of all blocks.
    pub(super) fn write(&self, layout: &mut Layout) -> Option<()> {
        for (plane, blocks) in layout.planes.iter_mut().zip(&self.0) {
            let transform = plane.transform()?;
            let last = transform.last;
            let length = UNITS * plane.sampling.0;
            let mut some = transform.blocks(length);
            for (y, row) in blocks.chunks_exact(plane.blocks.0).enumerate() {
                for (index, blocks) in row.chunks(length).enumerate() {
                    some.clear();
                    for (x, block) in blocks.iter().enumerate() {
                        let needed = block.iter().enumerate().take(last + 1);
                        for (place, &value) in needed.filter(|(_, value)| **value != 0) {
                            some.set(x, place, value.into());
                        }
                    }
                    plane.write((index * length, y), &some, blocks.len())?;
                }
            }
        }
        Some(())
    }
}

/// The range of coefficients in an AC scan.
struct Band {
    first: usize,
    last: usize,
    /// Value of the lowest bit of the scan.
    step: i16,
    /// Number of blocks ahead without new coefficients.
    waiting: u32,
}

impl Band {
    /// Reads a block in the first scan of the band.
    fn read(
        &mut self,
        block: &mut Block,
        table: &HuffmanTable,
        bits: &mut BitReader,
    ) -> Option<()> {
        if self.waiting > 0 {
            self.waiting -= 1;
            return Some(());
        }
        let mut place = self.first;
        while place <= self.last {
            bits.refill();
            let symbol = table.symbol(bits)?;
            let (run, size) = (symbol >> 4, u32::from(symbol & 15));
            if size > 0 {
                place += usize::from(run);
                let value = bits.take_signed(size) * i32::from(self.step);
                *block.get_mut(place).filter(|_| place <= self.last)? = value as i16;
                place += 1;
            } else if run == 15 {
                place += 16;
            } else {
                self.waiting = waiting_blocks(run, bits) - 1;
                break;
            }
        }
        Some(())
    }

    /// Reads a block in a later scan: one more bit for the coefficients that are not zero, and some
    /// new ones.
    fn refine(
        &mut self,
        block: &mut Block,
        table: &HuffmanTable,
        bits: &mut BitReader,
    ) -> Option<()> {
        let mut place = self.first;
        while self.waiting == 0 && place <= self.last {
            bits.refill();
            let symbol = table.symbol(bits)?;
            let (run, size) = (symbol >> 4, symbol & 15);
            let value = match (run, size) {
                (_, 1) => {
                    if bits.take(1) == 1 {
                        self.step
                    } else {
                        -self.step
                    }
                }
                (15, 0) => 0,
                (_, 0) => {
                    self.waiting = waiting_blocks(run, bits);
                    break;
                }
                _ => return None,
            };
            place = self.refine_run(block, bits, place, run);
            if value != 0 {
                *block.get_mut(place).filter(|_| place <= self.last)? = value;
            }
            place += 1;
        }
        if self.waiting > 0 {
            self.refine_run(block, bits, place, u8::MAX);
            self.waiting -= 1;
        }
        Some(())
    }

    /// Refines coefficients from `place` on until `zeros` zeros have been skipped. Returns the
    /// place of the zero after them, or the end of the band.
    fn refine_run(
        &self,
        block: &mut Block,
        bits: &mut BitReader,
        place: usize,
        mut zeros: u8,
    ) -> usize {
        let band = block.get_mut(place..=self.last).unwrap_or_default();
        for (at, coefficient) in (place..).zip(band) {
            if *coefficient == 0 {
                if zeros == 0 {
                    return at;
                }
                zeros -= 1;
                continue;
            }
            bits.refill();
            if bits.take(1) == 1 && *coefficient & self.step == 0 {
                *coefficient = coefficient.wrapping_add(self.step * coefficient.signum());
            }
        }
        self.last + 1
    }
}

/// Returns the number of blocks, including the current one, without new coefficients (T.81,
/// G.1.2.2, EOBn).
fn waiting_blocks(exponent: u8, bits: &mut BitReader) -> u32 {
    (1 << exponent) + bits.take(exponent.into())
}
