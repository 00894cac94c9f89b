//! The segments of a JPEG before and between its scans (ITU-T T.81, Annex B). What is rare or damaged gives `None`.

use super::bits::Restarts;
use super::huffman::HuffmanTable;

/// What the frame header tells.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) is_progressive: bool,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: Vec<Component>,
}

/// A colour component: luma or one of the chromas.
#[derive(Debug, Clone)]
pub(super) struct Component {
    id: u8,
    /// Blocks of a minimum coded unit, along x and along y.
    pub(super) sampling: (u32, u32),
    pub(super) quantisation: usize,
}

/// What a scan header tells, and where its bits start.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) components: Vec<ScanComponent>,
    /// The first and the last coefficient of a progressive scan.
    pub(super) band: (usize, usize),
    /// Whether an earlier scan brought the bits before this one's.
    pub(super) is_refinement: bool,
    /// By how many bits the coefficients are shifted.
    pub(super) shift: u32,
    pub(super) start: usize,
}

/// A component of the frame as a scan codes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScanComponent {
    /// Its place in [`Frame::components`].
    pub(super) index: usize,
    pub(super) dc_table: usize,
    pub(super) ac_table: usize,
}

/// Goes through a JPEG from scan to scan and keeps what stays valid between them.
pub(super) struct Headers<'a> {
    pub(super) bytes: &'a [u8],
    next: usize,
    pub(super) frame: Option<Frame>,
    pub(super) quantisation: [Option<[u16; 64]>; 4],
    pub(super) dc_tables: [Option<HuffmanTable>; 4],
    pub(super) ac_tables: [Option<HuffmanTable>; 4],
    pub(super) restarts: Restarts,
    has_scan: bool,
}

impl<'a> Headers<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        bytes.starts_with(&[0xFF, 0xD8]).then_some(Self {
            bytes,
            next: 2,
            frame: None,
            quantisation: [None; 4],
            dc_tables: [const { None }; 4],
            ac_tables: [const { None }; 4],
            restarts: Restarts(0),
            has_scan: false,
        })
    }

    /// Goes on after a scan's bits.
    pub(super) fn continue_at(&mut self, next: usize) {
        self.next = next;
    }

    /// Reads up to the next scan; `Some(None)` at the end of the image.
    pub(super) fn next_scan(&mut self) -> Option<Option<Scan>> {
        loop {
            let marker = self.marker()?;
            if marker == 0xD9 {
                return Some(None);
            }
            let segment = self.segment()?;
            match marker {
                0xC0..=0xC2 => self.read_frame(segment, marker == 0xC2)?,
                0xC4 => self.read_huffman_tables(segment)?,
                0xDB => self.read_quantisation(segment)?,
                0xDD => self.restarts = Restarts(word(segment, 0)?.into()),
                0xDA => {
                    self.has_scan = true;
                    return self.read_scan(segment).map(Some);
                }
                0xEE => check_adobe(segment)?,
                0xE0..=0xEF | 0xFE => {}
                // Lossless, arithmetic and hierarchical coding, and what has no place here.
                _ => return None,
            }
        }
    }

    fn marker(&mut self) -> Option<u8> {
        if *self.bytes.get(self.next)? != 0xFF {
            return None;
        }
        let rest = self.bytes.get(self.next..)?;
        let fill = rest.iter().position(|&b| b != 0xFF)?;
        self.next += fill + 1;
        rest.get(fill).copied()
    }

    fn segment(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(word(self.bytes, self.next)?);
        let segment = self.bytes.get(self.next + 2..self.next + length)?;
        self.next += length;
        Some(segment)
    }

    fn read_frame(&mut self, segment: &[u8], is_progressive: bool) -> Option<()> {
        let (header, rest) = segment.split_at_checked(6)?;
        let components: Vec<_> = rest.chunks_exact(3).map(component).collect();
        let is_valid = header[0] == 8
            && usize::from(header[5]) == components.len()
            && components.iter().all(|component| {
                let (h, v) = component.sampling;
                (1..=4).contains(&h) && (1..=4).contains(&v) && component.quantisation < 4
            });
        if !is_valid || self.frame.is_some() {
            return None;
        }
        self.frame = Some(Frame {
            is_progressive,
            width: word(header, 3)?.into(),
            height: word(header, 1)?.into(),
            components,
        });
        Some(())
    }

    fn read_quantisation(&mut self, mut segment: &[u8]) -> Option<()> {
        // A table that changes between scans holds for those after it alone.
        if self.has_scan {
            return None;
        }
        while let Some((&kind, rest)) = segment.split_first() {
            let bytes_a_value = 1 + usize::from(kind >> 4);
            let (values, rest) = rest.split_at_checked(64 * bytes_a_value)?;
            let mut table = [0_u16; 64];
            for (value, bytes) in table.iter_mut().zip(values.chunks_exact(bytes_a_value)) {
                *value = match *bytes {
                    [value] => value.into(),
                    [high, low] => u16::from_be_bytes([high, low]),
                    _ => return None,
                };
            }
            *self.quantisation.get_mut(usize::from(kind & 15))? = Some(table);
            segment = rest;
        }
        Some(())
    }

    fn read_huffman_tables(&mut self, mut segment: &[u8]) -> Option<()> {
        while let Some((&kind, rest)) = segment.split_first() {
            let (counts, rest) = rest.split_first_chunk::<16>()?;
            let total = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(total)?;
            let tables = match kind >> 4 {
                0 => &mut self.dc_tables,
                1 => &mut self.ac_tables,
                _ => return None,
            };
            *tables.get_mut(usize::from(kind & 15))? = Some(HuffmanTable::new(counts, symbols)?);
            segment = rest;
        }
        Some(())
    }

    fn read_scan(&self, segment: &[u8]) -> Option<Scan> {
        let frame = self.frame.as_ref()?;
        let (&count, rest) = segment.split_first()?;
        let (selectors, parameters) = rest.split_at_checked(2 * usize::from(count))?;
        let components = selectors
            .chunks_exact(2)
            .map(|selector| {
                let index = frame.components.iter().position(|c| c.id == selector[0])?;
                Some(ScanComponent {
                    index,
                    dc_table: usize::from(selector[1] >> 4),
                    ac_table: usize::from(selector[1] & 15),
                })
            })
            .collect::<Option<Vec<_>>>()?;
        let &[first, last, approximation] = parameters else {
            return None;
        };
        // T.81, table B.3.
        if approximation & 15 > 13 {
            return None;
        }
        Some(Scan {
            components,
            band: (first.into(), last.into()),
            is_refinement: approximation >> 4 != 0,
            shift: u32::from(approximation & 15),
            start: self.next,
        })
    }
}

fn component(bytes: &[u8]) -> Component {
    Component {
        id: bytes[0],
        sampling: (u32::from(bytes[1] >> 4), u32::from(bytes[1] & 15)),
        quantisation: bytes[2].into(),
    }
}

/// `None` for an Adobe marker that tells of other colours than YCbCr.
fn check_adobe(segment: &[u8]) -> Option<()> {
    let is_other = segment.starts_with(b"Adobe") && segment.get(11) != Some(&1);
    (!is_other).then_some(())
}

impl Frame {
    /// Whether the colours are grey or YCbCr. Components named R, G and B are what their names say.
    pub(super) fn is_grey_or_ycbcr(&self) -> bool {
        match &self.components[..] {
            [_] => true,
            [r, g, b] => [r.id, g.id, b.id] != *b"RGB",
            _ => false,
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes(*bytes))
}
