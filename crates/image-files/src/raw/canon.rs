//! JPEGs in a CR3, which consists of boxes (ISO/IEC 14496-12, and a description of Canon's own
//! boxes at <https://github.com/lclevy/canon_cr3>).

use super::part;
use crate::heif::{Boxes, find};
use crate::tiff::directory::Tiff;

/// Canon's metadata, inside the movie box.
const METADATA: [u8; 16] = *b"\x85\xC0\xB6\x87\x82\x0F\x11\xE0\x81\x11\xF4\xCE\x46\x2B\x6A\x48";
/// Canon's preview.
const PREVIEW: [u8; 16] = *b"\xEA\xF4\x2B\x5E\x1C\x98\x4B\x88\xB9\xFB\xB7\xDC\x40\x6E\x4D\x16";
/// XMP (XMP specification, part 3, 1.2.6).
const XMP: [u8; 16] = *b"\xBE\x7A\xCF\xCB\x97\xA9\x42\xE8\x9C\x71\x99\x94\x91\xE3\xAF\xAC";
/// Bytes of a preview before its box.
const BEFORE_PREVIEW: usize = 8;
/// Bytes of the box of a preview before its JPEG: among others its size.
const BEFORE_JPEG: usize = 16;

/// Returns whether `start`, the first bytes of a file, are those of a CR3.
pub(super) fn has_signature(start: &[u8]) -> bool {
    start.get(4..12) == Some(b"ftypcrx ")
}

/// Returns the bytes that should be a JPEG in the CR3 `bytes`, and the number of the orientation.
pub(super) fn jpegs(bytes: &[u8]) -> (Vec<&[u8]>, Option<u64>) {
    let movie = content(bytes, b"moov").unwrap_or_default();
    let tracks = boxes(movie, b"trak");
    let mut jpegs: Vec<_> = tracks.filter_map(|track| of_track(bytes, track)).collect();
    jpegs.extend(of_extension(bytes, &PREVIEW).and_then(|preview| {
        let preview = content(preview.get(BEFORE_PREVIEW..)?, b"PRVW")?;
        preview.get(BEFORE_JPEG..)
    }));
    let orientation = of_extension(movie, &METADATA).and_then(|metadata| {
        let exif = content(metadata, b"CMT1")?;
        Tiff::of_exif(exif)?.first()?.orientation()
    });
    (jpegs, orientation)
}

/// Returns the XMP of the CR3 `bytes`.
pub(super) fn xmp(bytes: &[u8]) -> Option<&[u8]> {
    of_extension(bytes, &XMP)
}

/// Returns the content of the box of `bytes` with the user type `id`.
fn of_extension<'a>(bytes: &'a [u8], id: &[u8; 16]) -> Option<&'a [u8]> {
    boxes(bytes, b"uuid").find_map(|content| content.strip_prefix(id))
}

/// Returns the contents of the boxes of `bytes` of this kind, up to one that is cut off.
fn boxes<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> impl Iterator<Item = &'a [u8]> {
    let boxes = Boxes(bytes).map_while(Result::ok);
    boxes.filter_map(move |(other, content)| (other == *kind).then_some(content))
}

fn content<'a>(bytes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    find(bytes, kind).ok()?
}

/// Returns the first sample of `track`: the JPEG at full size, or sensor data.
fn of_track<'a>(bytes: &'a [u8], track: &[u8]) -> Option<&'a [u8]> {
    let path = [b"mdia", b"minf", b"stbl"];
    let table = path
        .into_iter()
        .try_fold(track, |bytes, kind| content(bytes, kind))?;
    let number = |bytes: &[u8], at: usize| {
        let number = u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?);
        usize::try_from(number).ok()
    };
    let sizes = content(table, b"stsz")?;
    // One size for all samples, or 0 and then one for each.
    let length = match number(sizes, 4)? {
        0 => number(sizes, 12)?,
        length => length,
    };
    let start = match (content(table, b"co64"), content(table, b"stco")) {
        (Some(offsets), _) => {
            let offset = u64::from_be_bytes(*offsets.get(8..)?.first_chunk()?);
            usize::try_from(offset).ok()?
        }
        (None, offsets) => number(offsets?, 8)?,
    };
    part(bytes, start, length)
}
