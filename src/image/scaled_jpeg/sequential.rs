//! A sequential JPEG with one scan: each block is decoded and written before the next one.

use super::bits::BitReader;
use super::header::{Headers, Scan};
use super::huffman::{HuffmanTable, Step};
use super::planes::{Layout, Plane};
use super::transform::{Coefficients, NO_COEFFICIENTS, Transform};

/// A component of the scan: its tables, and its planned pixels.
struct Coding<'a> {
    dc_table: &'a HuffmanTable,
    ac_table: &'a HuffmanTable,
    /// The DC coefficient of the block before.
    predicted: i32,
    /// Those of the current block; all zero but for the first between two blocks.
    coefficients: Coefficients,
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
    let mut codings = scan
        .components
        .iter()
        .map(|component| {
            Some(Coding {
                dc_table: headers.dc_tables.get(component.dc_table)?.as_ref()?,
                ac_table: headers.ac_tables.get(component.ac_table)?.as_ref()?,
                predicted: 0,
                coefficients: NO_COEFFICIENTS,
            })
        })
        .collect::<Option<Vec<_>>>()?;
    let mut bits = BitReader::new(headers.bytes, scan.start);
    let mut unit = 0;
    for y in 0..layout.units.1 {
        for x in 0..layout.units.0 {
            if let Some(number) = headers.restarts.before(unit) {
                bits = bits.after_restart(number)?;
                codings.iter_mut().for_each(|coding| coding.predicted = 0);
            }
            unit += 1;
            for (plane, coding) in layout.planes.iter_mut().zip(&mut codings) {
                let (columns, rows) = plane.sampling;
                for row in 0..rows {
                    for column in 0..columns {
                        let block = (x * columns + column, y * rows + row);
                        coding.decode(&mut bits, plane, block)?;
                    }
                }
            }
        }
    }
    bits.end().map(|_| ())
}

impl Coding<'_> {
    /// Decodes the next block of the scan, which is `block` (x, y) of `plane`.
    #[inline(always)]
    fn decode(
        &mut self,
        bits: &mut BitReader,
        plane: &mut Plane,
        block: (usize, usize),
    ) -> Option<()> {
        let has_detail = self.read(bits, &plane.transform)?;
        plane.write(block, &self.coefficients, has_detail)?;
        if has_detail {
            self.coefficients = NO_COEFFICIENTS;
        }
        Some(())
    }

    /// Reads the next block; whether it has other coefficients than the first.
    #[inline(always)]
    fn read(&mut self, bits: &mut BitReader, transform: &Transform) -> Option<bool> {
        bits.refill();
        let size = self.dc_table.symbol(bits)?;
        let difference = bits.take_signed(u32::from(size & 15));
        self.predicted = self.predicted.wrapping_add(difference);
        transform.set(&mut self.coefficients, 0, self.predicted);
        let (mut place, mut has_detail) = (1, false);
        while place <= transform.last {
            bits.refill();
            let step = self.ac_table.step(bits)?;
            bits.consume(step.length() - step.missing());
            let value = match step.missing() {
                0 => step.value(),
                missing => bits.take_signed(missing),
            };
            place += step.advance();
            if step.advance() != Step::END {
                has_detail |= transform.set(&mut self.coefficients, place - 1, value);
            }
        }
        // The coefficients that are not needed.
        while place < 64 {
            bits.refill();
            let step = self.ac_table.step(bits)?;
            bits.consume(step.length());
            place += step.advance();
        }
        (!bits.is_overdrawn()).then_some(has_detail)
    }
}
