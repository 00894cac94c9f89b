//! A sequential JPEG with one scan: some minimum coded units are decoded and written before the next ones.

use super::bits::{BitReader, LOADED};
use super::header::{Headers, Scan, ScanComponent};
use super::huffman::{HuffmanTable, MOST_BITS, SKIP_BITS, Skips};
use super::planes::{Layout, Plane, UNITS};
use super::transform::Blocks;

/// A component of the scan: its tables, and the coefficients of the current minimum coded units.
struct Coding<'a> {
    dc_table: &'a HuffmanTable,
    ac_table: &'a HuffmanTable,
    skips: Skips,
    /// The DC coefficient of the block before.
    predicted: i32,
    /// Blocks of a unit along x.
    columns: usize,
    /// The last place of the zigzag order that is needed.
    last: usize,
    /// Row by row of a unit.
    rows: Vec<Blocks>,
}

/// Decodes `scan` into the planes of `layout`. `None` when it is damaged or leaves out a component.
pub(super) fn decode(headers: &Headers, scan: &Scan, layout: &mut Layout) -> Option<()> {
    if !scan
        .components
        .iter()
        .map(|c| c.index)
        .eq(0..layout.planes.len())
    {
        return None;
    }
    let components = scan.components.iter().zip(&layout.planes);
    let mut codings = components
        .map(|(component, plane)| Coding::new(headers, component, plane))
        .collect::<Option<Vec<_>>>()?;
    let mut bits = BitReader::new(headers.bytes, scan.start);
    let mut unit = 0;
    for y in 0..layout.units.1 {
        for first in (0..layout.units.0).step_by(UNITS) {
            codings.iter_mut().for_each(Coding::clear);
            for x in 0..UNITS.min(layout.units.0 - first) {
                if let Some(number) = headers.restarts.before(unit) {
                    bits = bits.after_restart(number)?;
                    codings.iter_mut().for_each(|coding| coding.predicted = 0);
                }
                unit += 1;
                for coding in &mut codings {
                    coding.read_unit(&mut bits, x)?;
                }
            }
            if bits.is_overdrawn() {
                return None;
            }
            for (coding, plane) in codings.iter().zip(&mut layout.planes) {
                coding.write((first, y), plane)?;
            }
        }
    }
    bits.end().map(|_| ())
}

impl<'a> Coding<'a> {
    fn new(headers: &'a Headers, component: &ScanComponent, plane: &Plane) -> Option<Self> {
        let ac_table = headers.ac_tables.get(component.ac_table)?.as_ref()?;
        Some(Self {
            dc_table: headers.dc_tables.get(component.dc_table)?.as_ref()?,
            ac_table,
            skips: Skips::new(ac_table),
            predicted: 0,
            columns: plane.sampling.0,
            last: plane.transform.last,
            rows: (0..plane.sampling.1).map(|_| plane.some_blocks()).collect(),
        })
    }

    fn clear(&mut self) {
        self.rows.iter_mut().for_each(Blocks::clear);
    }

    /// Writes the pixels of the units, the first of which is `unit` (x, y).
    fn write(&self, unit: (usize, usize), plane: &mut Plane) -> Option<()> {
        for (row, blocks) in self.rows.iter().enumerate() {
            let first = (unit.0 * self.columns, unit.1 * self.rows.len() + row);
            plane.write(first, blocks)?;
        }
        Some(())
    }

    /// Reads the blocks of the next unit, which is number `x` of those beside one another.
    #[inline(always)]
    fn read_unit(&mut self, bits: &mut BitReader, x: usize) -> Option<()> {
        for blocks in &mut self.rows {
            for block in x * self.columns..(x + 1) * self.columns {
                bits.refill();
                self.predicted = self.predicted.wrapping_add(self.dc_table.value(bits)?);
                blocks.set(block, 0, self.predicted);
                let place = read_needed(bits, self.ac_table, self.last, blocks, block)?;
                skip_rest(bits, self.ac_table, &self.skips, place)?;
            }
        }
        Some(())
    }
}

/// Reads the AC coefficients of a block up to `last`; the place of the one after those that were read.
#[inline(always)]
fn read_needed(
    bits: &mut BitReader,
    table: &HuffmanTable,
    last: usize,
    blocks: &mut Blocks,
    block: usize,
) -> Option<usize> {
    let mut place = 1;
    while place <= last {
        bits.refill();
        let first = read_one(bits, table, &mut place, blocks, block)?;
        // After a short one there are bits enough for any other.
        if place <= last && first <= LOADED - MOST_BITS {
            read_one(bits, table, &mut place, blocks, block)?;
        }
    }
    Some(place)
}

/// Reads the coefficient at `place` or after it and moves `place` behind it; how many bits that took.
#[inline(always)]
fn read_one(
    bits: &mut BitReader,
    table: &HuffmanTable,
    place: &mut usize,
    blocks: &mut Blocks,
    block: usize,
) -> Option<u32> {
    let step = table.step(bits)?;
    *place += step.advance();
    // What ends the block leads behind it, where nothing is set.
    blocks.set(block, *place - 1, step.take_value(bits));
    Some(step.length())
}

/// Passes over the AC coefficients of a block from `place` on.
#[inline(always)]
fn skip_rest(
    bits: &mut BitReader,
    table: &HuffmanTable,
    skips: &Skips,
    mut place: usize,
) -> Option<()> {
    while place < 64 {
        bits.refill();
        for _ in 0..LOADED / SKIP_BITS {
            let skip = skips.next(bits);
            // A block of 64 coefficients ends without a code for it; what comes then is of another block.
            if skip.length() == 0 || place + skip.coded() >= 64 {
                bits.refill();
                let step = table.step(bits)?;
                bits.consume(step.length());
                place += step.advance();
                break;
            }
            bits.consume(skip.length());
            place += skip.advance();
            if place >= 64 {
                break;
            }
        }
    }
    Some(())
}
