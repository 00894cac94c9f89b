//! A sequential JPEG with one scan: some minimum coded units are decoded and written before the next ones.

use super::bits::BitReader;
use super::header::{Headers, Scan, ScanComponent};
use super::huffman::HuffmanTable;
use super::pairs::{LOOKUPS, Pairs};
use super::planes::{Layout, Plane, UNITS};
use super::transform::Blocks;

/// A component of the scan: its tables, and the coefficients of the current minimum coded units.
struct Coding<'a> {
    dc_table: &'a HuffmanTable,
    ac_table: &'a HuffmanTable,
    ac_pairs: Pairs,
    /// The DC coefficient of the block before.
    predicted: i32,
    /// Blocks of a unit along x.
    columns: usize,
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
            ac_pairs: Pairs::new(ac_table),
            predicted: 0,
            columns: plane.sampling.0,
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
                read_rest(bits, self.ac_table, &self.ac_pairs, blocks, block)?;
            }
        }
        Some(())
    }
}

/// Reads the AC coefficients of a block. Those that are not needed are read like the others: telling them apart takes
/// longer.
#[inline(always)]
fn read_rest(
    bits: &mut BitReader,
    table: &HuffmanTable,
    pairs: &Pairs,
    blocks: &mut Blocks,
    block: usize,
) -> Option<()> {
    // What ends the block leads behind it, where nothing is set.
    let mut place = 1;
    while place < 64 {
        bits.refill();
        for _ in 0..LOOKUPS {
            let pair = pairs.next(bits);
            if !pair.fits(place) {
                bits.refill();
                let step = table.step(bits)?;
                place += step.advance();
                blocks.set(block, place - 1, step.take_value(bits));
                break;
            }
            bits.consume(pair.length());
            for (end, value) in pair.coefficients(place) {
                blocks.set(block, end - 1, value);
                place = end;
            }
            if place >= 64 {
                break;
            }
        }
    }
    Some(())
}
