//! A scan of a sequential JPEG: minimum coded units are decoded and written a few at a time.

use super::bits::{BitReader, End};
use super::header::{Headers, Scan, ScanComponent};
use super::huffman::HuffmanTable;
use super::pairs::{LOOKUPS, Pairs};
use super::planes::{Layout, Plane, UNITS, Unit};
use super::transform::Blocks;

/// A component of the scan: its tables, and the coefficients of the current minimum coded units.
struct Coding<'a> {
    /// Index of its plane.
    index: usize,
    dc_table: &'a HuffmanTable,
    ac_table: &'a HuffmanTable,
    ac_pairs: Pairs,
    /// DC coefficient of the previous block.
    predicted: i32,
    /// Largest DC coefficient, without its sign.
    largest_dc: u32,
    /// Blocks of a unit along x.
    columns: usize,
    /// Blocks of a unit, row by row.
    rows: Vec<Blocks>,
}

/// Decodes `scan` into the planes of `layout`. Returns `None` if it is damaged.
pub(super) fn decode(headers: &Headers, scan: &Scan, layout: &mut Layout) -> Option<End> {
    let unit = layout.unit(scan)?;
    let components = scan.components.iter();
    let mut codings = components
        .map(|component| {
            let plane = layout.planes.get(component.index)?;
            Coding::new(headers, component, plane, unit)
        })
        .collect::<Option<Vec<_>>>()?;
    let mut bits = BitReader::new(headers.bytes, scan.start);
    let mut number = 0;
    for y in 0..unit.count.1 {
        for first in (0..unit.count.0).step_by(UNITS) {
            codings.iter_mut().for_each(Coding::clear);
            let count = UNITS.min(unit.count.0 - first);
            for x in 0..count {
                if let Some(restart) = headers.restarts.before(number) {
                    bits = bits.after_restart(restart)?;
                    codings.iter_mut().for_each(|coding| coding.predicted = 0);
                }
                number += 1;
                for coding in &mut codings {
                    coding.read_unit(&mut bits, x)?;
                }
            }
            if bits.is_overdrawn() {
                return None;
            }
            for coding in &codings {
                let plane = layout.planes.get_mut(coding.index)?;
                coding.write((first, y), count, plane)?;
            }
        }
    }
    let mut end = bits.end()?;
    end.is_certain &= codings.iter().all(|coding| coding.is_plausible(layout));
    Some(end)
}

impl<'a> Coding<'a> {
    fn new(
        headers: &'a Headers,
        component: &ScanComponent,
        plane: &Plane,
        unit: Unit,
    ) -> Option<Self> {
        let ac_table = headers.ac_tables.get(component.ac_table)?.as_ref()?;
        let (columns, rows) = unit.blocks(plane);
        let transform = plane.transform()?;
        Some(Self {
            index: component.index,
            dc_table: headers.dc_tables.get(component.dc_table)?.as_ref()?,
            ac_table,
            ac_pairs: Pairs::new(ac_table),
            predicted: 0,
            largest_dc: 0,
            columns,
            rows: (0..rows)
                .map(|_| transform.blocks(UNITS * columns))
                .collect(),
        })
    }

    fn clear(&mut self) {
        self.rows.iter_mut().for_each(Blocks::clear);
    }

    /// Returns whether pixels can have DC coefficients as large as those that were read. Bytes that
    /// are not image data usually give larger ones.
    fn is_plausible(&self, layout: &Layout) -> bool {
        let transform = layout.planes.get(self.index).and_then(Plane::transform);
        transform.is_some_and(|transform| transform.has_dc_level(self.largest_dc))
    }

    /// Writes the pixels of `count` units, starting at `unit` (x, y).
    fn write(&self, unit: (usize, usize), count: usize, plane: &mut Plane) -> Option<()> {
        for (row, blocks) in self.rows.iter().enumerate() {
            let first = (unit.0 * self.columns, unit.1 * self.rows.len() + row);
            plane.write(first, blocks, count * self.columns)?;
        }
        Some(())
    }

    /// Reads the blocks of the next unit, which is number `x` of the adjacent ones.
    #[inline(always)]
    fn read_unit(&mut self, bits: &mut BitReader, x: usize) -> Option<()> {
        for blocks in &mut self.rows {
            for block in x * self.columns..(x + 1) * self.columns {
                bits.refill();
                self.predicted = self.predicted.wrapping_add(self.dc_table.value(bits)?);
                self.largest_dc = self.largest_dc.max(self.predicted.unsigned_abs());
                blocks.set(block, 0, self.predicted);
                read_rest(bits, self.ac_table, &self.ac_pairs, blocks, block)?;
            }
        }
        Some(())
    }
}

/// Reads the AC coefficients of a block. Coefficients that are not needed are read like the others,
/// since distinguishing them takes longer.
#[inline(always)]
fn read_rest(
    bits: &mut BitReader,
    table: &HuffmanTable,
    pairs: &Pairs,
    blocks: &mut Blocks,
    block: usize,
) -> Option<()> {
    // The code that ends the block advances past it, where setting a coefficient has no effect.
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
