//! JPEGs in the directories of a raw file that is built like a TIFF, and in the notes of the camera
//! maker inside them.

use super::part;
use crate::tiff::directory::{Directory, Tiff, tag};

/// The whole JPEG in an RW2, as the value of an entry.
const PANASONIC_JPEG: u16 = 0x2E;
/// Offset and length of a JPEG.
const JPEG: [u16; 2] = [tag::OLD_JPEG, 514];
/// Compressions of images that may be JPEGs. Sensor data has them too, as lossless JPEGs, which the
/// decoder refuses.
const JPEG_COMPRESSIONS: [u64; 2] = [6, 7];
const EXIF: u16 = 0x8769;
const MAKER_NOTE: u16 = 0x927C;

/// Starts of Olympus' notes, each with the offset of its directory. The offsets in them count from
/// the start of the note, or with the last one from that of the file.
const OLYMPUS_NOTES: [(&[u8], u64); 3] =
    [(b"OLYMPUS\0", 12), (b"OM SYSTEM\0", 16), (b"OLYMP\0", 8)];
const OLYMPUS_SETTINGS: u16 = 0x2020;
/// Offset and length of a JPEG in Olympus' settings.
const OLYMPUS_JPEG: [u16; 2] = [0x101, 0x102];

/// PhotometricInterpretation of sensor data (DNG): one colour filter for each pixel, or with
/// interpolated colours.
const COLOR_FILTER_ARRAY: u64 = 32_803;
const LINEAR_RAW: u64 = 34_892;

/// Returns whether `tiff` contains sensor data.
pub(super) fn has_sensor_data(tiff: &Tiff) -> bool {
    // A DNG with a photo of colours in its first directory is a TIFF. Usually a thumbnail is there,
    // and the sensor data is elsewhere, or missing if the file is cut off.
    let is_thumbnail = |d: &Directory| d.number(tag::NEW_SUBFILE_TYPE) == Some(1);
    tiff.is_canon_raw()
        || tiff.directories().iter().any(|directory| {
            let photometric = directory.number(tag::PHOTOMETRIC);
            matches!(photometric, Some(COLOR_FILTER_ARRAY | LINEAR_RAW))
                || directory.has(tag::DNG_VERSION) && is_thumbnail(directory)
        })
}

/// Returns the bytes that should be a JPEG in the directories of `tiff`.
pub(super) fn jpegs<'a>(tiff: &Tiff<'a>) -> Vec<&'a [u8]> {
    let directories = tiff.directories();
    let images = directories.iter().flat_map(|directory| {
        let strips = [tag::STRIP_OFFSETS, tag::STRIP_BYTES];
        let tiles = [tag::TILE_OFFSETS, tag::TILE_BYTES];
        let is_jpeg = directory
            .number(tag::COMPRESSION)
            .is_some_and(|compression| JPEG_COMPRESSIONS.contains(&compression));
        let whole = [strips, tiles].map(|tags| is_jpeg.then(|| jpeg_at(tiff, directory, tags))?);
        let [strip, tile] = whole;
        let inside = directory.bytes(PANASONIC_JPEG);
        [jpeg_at(tiff, directory, JPEG), strip, tile, inside]
    });
    let of_notes = directories.iter().filter_map(|d| olympus_jpeg(tiff, d));
    images.flatten().chain(of_notes).collect()
}

/// Returns the bytes whose offset and length are the only values of `tags`.
fn jpeg_at<'a>(tiff: &Tiff<'a>, directory: &Directory<'a>, tags: [u16; 2]) -> Option<&'a [u8]> {
    if tags.iter().any(|&tag| directory.count(tag) != 1) {
        return None;
    }
    let [start, length] = tags.map(|tag| directory.number(tag));
    let [start, length] = [start?, length?].map(|number| usize::try_from(number).ok());
    part(tiff.bytes, start?, length?)
}

/// Returns the JPEG in Olympus' notes inside `directory`.
fn olympus_jpeg<'a>(tiff: &Tiff<'a>, directory: &Directory<'a>) -> Option<&'a [u8]> {
    let exif = tiff.directory(directory.number(EXIF)?)?;
    let place = exif.place(MAKER_NOTE)?;
    let note = tiff.from(place)?;
    let mut kinds = OLYMPUS_NOTES
        .iter()
        .filter(|(start, _)| note.bytes.starts_with(start));
    let (start, first) = kinds.next()?;
    let (within, first) = match *start == b"OLYMP\0" {
        true => (*tiff, place as u64 + first),
        false => (note, *first),
    };
    let note = within.directory(first)?;
    let settings = match note.number(OLYMPUS_SETTINGS)? {
        // Older cameras store the directory itself as the value.
        _ if note.count(OLYMPUS_SETTINGS) > 1 => note.place(OLYMPUS_SETTINGS)? as u64,
        offset => offset,
    };
    jpeg_at(&within, &within.directory(settings)?, OLYMPUS_JPEG)
}
