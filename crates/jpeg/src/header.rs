//! The segments of a JPEG before and between its scans (ITU-T T.81, Annex B).

use super::bits::Restarts;
use super::error::JpegError;
use super::huffman::HuffmanTable;
use super::segments::{next_marker, stands_alone};
use super::standard_tables;
use crate::component_planes::Colours;

/// Content of the frame header.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub(super) is_progressive: bool,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) components: Vec<Component>,
}

/// A colour component, for example luma or one of the chromas.
#[derive(Debug, Clone)]
pub(super) struct Component {
    id: u8,
    /// Blocks of a minimum coded unit, along x and along y.
    pub(super) sampling: (u32, u32),
    pub(super) quantisation: usize,
}

/// Content of a scan header, and the start of the scan's bits.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) components: Vec<ScanComponent>,
    /// First and last coefficient of a progressive scan.
    pub(super) band: (usize, usize),
    /// True if an earlier scan contained the higher bits.
    pub(super) is_refinement: bool,
    /// Number of bits by which the coefficients are shifted.
    pub(super) shift: u32,
    pub(super) start: usize,
}

/// A component of the frame as coded in a scan.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScanComponent {
    /// Index in [`Frame::components`].
    pub(super) index: usize,
    pub(super) dc_table: usize,
    pub(super) ac_table: usize,
}

/// Reads a JPEG scan by scan and keeps the state that applies to later scans.
pub(super) struct Headers<'a> {
    pub(super) bytes: &'a [u8],
    next: usize,
    pub(super) frame: Option<Frame>,
    pub(super) quantisation: [Option<[u16; 64]>; 4],
    pub(super) dc_tables: [Option<HuffmanTable>; 4],
    pub(super) ac_tables: [Option<HuffmanTable>; 4],
    pub(super) restarts: Restarts,
    /// Contents of the APP1 segments, which hold metadata.
    pub(super) app1: Vec<&'a [u8]>,
    is_jfif: bool,
    /// Colour transform named by an Adobe marker.
    adobe_transform: Option<u8>,
}

impl<'a> Headers<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self, JpegError> {
        if !bytes.starts_with(&[0xFF, 0xD8]) {
            return Err(JpegError::Damaged("it has no start-of-image marker"));
        }
        Ok(Self {
            bytes,
            next: 2,
            frame: None,
            quantisation: [None; 4],
            dc_tables: standard_tables::dc_tables(),
            ac_tables: standard_tables::ac_tables(),
            restarts: Restarts(0),
            app1: Vec::new(),
            is_jfif: false,
            adobe_transform: None,
        })
    }

    /// Continues at `next`, after a scan's bits.
    pub(super) fn continue_at(&mut self, next: usize) {
        self.next = next;
    }

    /// Reads up to the next scan. Returns `None` at the end of the image.
    pub(super) fn next_scan(&mut self) -> Result<Option<Scan>, JpegError> {
        loop {
            let marker = self.marker().ok_or(JpegError::CutOff)?;
            if marker == 0xD9 {
                return Ok(None);
            }
            check_kind(marker)?;
            let segment = self.segment()?;
            let is_read = match marker {
                0xC0..=0xC2 => {
                    self.read_frame(segment, marker == 0xC2)?;
                    Some(())
                }
                0xC4 => self.read_huffman_tables(segment),
                0xDB => self.read_quantisation(segment),
                0xDD => word(segment, 0).map(|units| self.restarts = Restarts(units.into())),
                0xDA => return self.read_scan(segment).map(Some),
                0xE0 => {
                    self.is_jfif |= segment.starts_with(b"JFIF\0");
                    Some(())
                }
                0xE1 => {
                    self.app1.push(segment);
                    Some(())
                }
                0xEE => {
                    self.read_adobe(segment);
                    Some(())
                }
                // Metadata and reserved markers.
                _ => Some(()),
            };
            is_read.ok_or(JpegError::Damaged("a table in its header is not valid"))?;
        }
    }

    /// Returns the code of the next marker that has content. Bytes before it are skipped, since
    /// some cameras write too many.
    fn marker(&mut self) -> Option<u8> {
        loop {
            let (marker, after) = next_marker(self.bytes.get(self.next..)?)?;
            self.next = self.bytes.len() - after.len();
            if !stands_alone(marker) {
                return Some(marker);
            }
        }
    }

    /// Returns whether the next marker ends the image.
    pub(super) fn is_at_end_of_image(&mut self) -> bool {
        self.marker() == Some(0xD9)
    }

    /// Returns whether a marker that has content follows the bits from `start` on.
    pub(super) fn has_marker_after(&mut self, start: usize) -> bool {
        self.next = start;
        self.marker().is_some()
    }

    fn segment(&mut self) -> Result<&'a [u8], JpegError> {
        let length = usize::from(word(self.bytes, self.next).ok_or(JpegError::CutOff)?);
        if length < 2 {
            return Err(JpegError::Damaged("a segment has no valid length"));
        }
        let segment = self.bytes.get(self.next + 2..self.next + length);
        self.next += length;
        segment.ok_or(JpegError::CutOff)
    }

    fn read_frame(&mut self, segment: &[u8], is_progressive: bool) -> Result<(), JpegError> {
        let frame = frame(segment, is_progressive)
            .ok_or(JpegError::Damaged("its frame header is not valid"))?;
        if segment.first() != Some(&8) {
            return Err(JpegError::Unsupported(
                "JPEGs with more than 8 bits per channel are not supported",
            ));
        }
        if frame.height == 0 && frame.width > 0 {
            return Err(JpegError::Unsupported(
                "the JPEG does not say its height before the image data, which is not supported",
            ));
        }
        if frame.width == 0 || frame.height == 0 {
            return Err(JpegError::Damaged("it has no pixels"));
        }
        if self.frame.is_some() {
            return Err(JpegError::Damaged("it has two frame headers"));
        }
        self.frame = Some(frame);
        Ok(())
    }

    fn read_quantisation(&mut self, mut segment: &[u8]) -> Option<()> {
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

    fn read_adobe(&mut self, segment: &[u8]) {
        if segment.starts_with(b"Adobe") {
            self.adobe_transform = segment.get(11).copied().or(self.adobe_transform);
        }
    }

    fn read_scan(&self, segment: &[u8]) -> Result<Scan, JpegError> {
        let frame = self
            .frame
            .as_ref()
            .ok_or(JpegError::Damaged("it has no frame header"))?;
        scan(frame, segment, self.next).ok_or(JpegError::Damaged("a scan header is not valid"))
    }

    /// Returns the colours of `frame`, guessed the way libjpeg does.
    pub(super) fn colours(&self, frame: &Frame) -> Result<Colours, JpegError> {
        match (&frame.components[..], self.adobe_transform) {
            ([_], _) => Ok(Colours::Grey),
            ([_, _, _], _) if self.is_jfif => Ok(Colours::YCbCr),
            ([_, _, _], Some(0)) => Ok(Colours::Rgb),
            ([r, g, b], None) if [r.id, g.id, b.id] == *b"RGB" => Ok(Colours::Rgb),
            ([_, _, _], _) => Ok(Colours::YCbCr),
            ([_, _, _, _], None | Some(0)) => Ok(Colours::Cmyk),
            ([_, _, _, _], _) => Ok(Colours::Ycck),
            _ => Err(JpegError::Unsupported(
                "JPEGs with 2 or more than 4 channels are not supported",
            )),
        }
    }
}

/// Rejects markers of unsupported coding processes, and markers that are not allowed between
/// segments.
fn check_kind(marker: u8) -> Result<(), JpegError> {
    let unsupported = match marker {
        0xC3 | 0xC7 => "lossless JPEGs are not supported",
        0xC5 | 0xC6 | 0xDE | 0xDF => "hierarchical JPEGs are not supported",
        0xC8..=0xCF => {
            "arithmetic-coded JPEGs are not supported; \
             `jpegtran -copy all` converts them without loss"
        }
        0xDC => "JPEGs that say their height after the image data are not supported",
        0x02..=0xBF | 0xD8 | 0xF0..=0xFD => {
            return Err(JpegError::Damaged("it has an unknown marker"));
        }
        _ => return Ok(()),
    };
    Err(JpegError::Unsupported(unsupported))
}

fn frame(segment: &[u8], is_progressive: bool) -> Option<Frame> {
    let (header, rest) = segment.split_at_checked(6)?;
    let components: Vec<_> = rest.chunks_exact(3).map(component).collect();
    let is_valid = usize::from(header[5]) == components.len()
        && components.iter().all(|component| {
            let (h, v) = component.sampling;
            (1..=4).contains(&h) && (1..=4).contains(&v) && component.quantisation < 4
        });
    is_valid.then_some(Frame {
        is_progressive,
        width: word(header, 3)?.into(),
        height: word(header, 1)?.into(),
        components,
    })
}

fn component(bytes: &[u8]) -> Component {
    Component {
        id: bytes[0],
        sampling: (u32::from(bytes[1] >> 4), u32::from(bytes[1] & 15)),
        quantisation: bytes[2].into(),
    }
}

fn scan(frame: &Frame, segment: &[u8], start: usize) -> Option<Scan> {
    let (&count, rest) = segment.split_first()?;
    let (selectors, parameters) = rest.split_at_checked(2 * usize::from(count))?;
    let mut components: Vec<ScanComponent> = Vec::new();
    for selector in selectors.chunks_exact(2) {
        // Components with the same name are used in their order.
        let is_next = |index: usize| components.iter().all(|c| c.index != index);
        let index = (0..frame.components.len())
            .find(|&index| frame.components[index].id == selector[0] && is_next(index))?;
        components.push(ScanComponent {
            index,
            dc_table: usize::from(selector[1] >> 4),
            ac_table: usize::from(selector[1] & 15),
        });
    }
    let &[first, last, approximation] = parameters else {
        return None;
    };
    // T.81, table B.3.
    if components.is_empty() || approximation & 15 > 13 {
        return None;
    }
    Some(Scan {
        components,
        band: (first.into(), last.into()),
        is_refinement: approximation >> 4 != 0,
        shift: u32::from(approximation & 15),
        start,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes(*bytes))
}
