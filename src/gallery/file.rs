//! Gallery files. Input: a [`Gallery`] and its [`Fingerprint`]. Output: a safetensors file, and
//! vice versa.
//!
//! The file has one tensor, `encodings`: `F32 [N, 128]`, or `F32 [N, 192]` if MobileFaceNet made
//! them. Its metadata, which consists of strings, contains `names`, `sources` (paths, for people)
//! and `boxes` (x, y, w, h) of the N faces as JSON arrays, and the [`Fingerprint`]. A file is not
//! trusted: its parts are bounded and must agree, and none of it is code.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::TensorInfo;
use serde::Serialize;

use super::fingerprint::RESIZED;
use super::header::{Header, shortened};
use super::{Fingerprint, Gallery, GalleryBuilder, KnownFace};
use crate::engine::{EncoderKind, Encoding, SimdLevel};
use crate::error::Error;
use crate::geometry::PixelBox;

/// Format of the file that this version writes and reads.
const FORMAT: &str = "facematch-gallery/1";

/// Size in bytes of the largest file that is read, which holds more than five million faces.
const MAX_BYTES: u64 = 4 << 30;

/// Size in bytes of the largest header, the usual limit of safetensors.
const MAX_HEADER_BYTES: usize = 100_000_000;

/// Number of bytes before the header, which contain its length.
const LENGTH_BYTES: usize = 8;

pub(super) fn unusable(path: &Path, reason: String) -> Error {
    Error::Gallery {
        path: path.to_owned(),
        reason,
    }
}

fn unreadable(path: &Path, source: io::Error) -> Error {
    Error::Read {
        path: path.to_owned(),
        source,
    }
}

/// Returns whether `path` is a regular file that starts like a safetensors file, whatever its name
/// is.
///
/// # Errors
/// [`Error::Read`] if the file cannot be read, so that its kind is unknown.
pub fn is_gallery_file(path: &Path) -> Result<bool, Error> {
    let mut start = [0; LENGTH_BYTES + 1];
    // Opening a pipe can block forever.
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
    if !metadata.is_file() {
        return Ok(false);
    }
    match File::open(path).and_then(|mut file| file.read_exact(&mut start)) {
        Ok(()) => Ok(start[LENGTH_BYTES] == b'{' && start[4..LENGTH_BYTES] == [0; 4]),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(unreadable(path, error)),
    }
}

/// Returns whether the file `path` has the header of a gallery, which other safetensors files do
/// not have. The data after the header may be damaged.
///
/// # Errors
/// [`Error::Read`] if the file cannot be read.
pub fn has_gallery_header(path: &Path) -> Result<bool, Error> {
    if !is_gallery_file(path)? {
        return Ok(false);
    }
    let file = File::open(path).map_err(|error| unreadable(path, error))?;
    let metadata = file.metadata().map_err(|error| unreadable(path, error))?;
    let header = read_header(&mut BufReader::new(file), metadata.len());
    let format = header.and_then(|(header, _)| Ok(header.word("format")?.to_owned()));
    Ok(format.is_ok_and(|format| format.starts_with("facematch-gallery/")))
}

/// Reads the gallery in the file `path`, which will search with the instructions `simd`, and its
/// fingerprint.
///
/// # Errors
/// [`Error::Read`] if the file cannot be read, [`Error::Gallery`] if it is damaged or not a
/// gallery.
pub fn read_gallery(path: &Path, simd: SimdLevel) -> Result<(Gallery, Fingerprint), Error> {
    let unreadable = |error| unreadable(path, error);
    let metadata = fs::metadata(path).map_err(unreadable)?;
    // Opening a pipe can block forever.
    if !metadata.is_file() {
        return Err(unusable(path, "is not a regular file".to_owned()));
    }
    let file = File::open(path).map_err(unreadable)?;
    read_gallery_from(BufReader::new(file), metadata.len(), simd)
        .map_err(|reason| unusable(path, reason))
}

/// Reads the gallery in the `length` bytes of `input`, like [`read_gallery`] without the file.
///
/// # Errors
/// A sentence without a subject that says why the bytes are refused, such as "is damaged: ...".
pub fn read_gallery_from(
    mut input: impl Read,
    length: u64,
    simd: SimdLevel,
) -> Result<(Gallery, Fingerprint), String> {
    if length > MAX_BYTES {
        return Err(format!("is larger than {} GiB", MAX_BYTES >> 30));
    }
    let (header, data_bytes) = read_header(&mut input, length)?;
    let format = header.word("format")?;
    if format != FORMAT {
        return Err(format!(
            "is a gallery of the form {format:?}; this version reads {FORMAT}"
        ));
    }
    let fingerprint = Fingerprint {
        encoder: header.word("encoder")?.to_owned(),
        landmarks: header.word("landmarks")?.to_owned(),
        engine: header.word("engine")?.to_owned(),
        averaged: header.word("averaged")?.to_owned(),
        // The first files do not contain it.
        encode_from: header
            .optional_word("encode_from")?
            .unwrap_or(RESIZED)
            .to_owned(),
    };
    let [rows, columns] = header.shape(fingerprint.encoder_kind(), data_bytes)?;
    let names: Vec<String> = header.list("names", rows)?;
    let sources: Vec<PathBuf> = header.list("sources", rows)?;
    let boxes: Vec<[u32; 4]> = header.list("boxes", rows)?;
    let mut builder = GalleryBuilder::new(simd);
    for (row, ((name, source), [x, y, w, h])) in names.iter().zip(&sources).zip(boxes).enumerate() {
        if name.is_empty() {
            return Err(damaged("a name is empty"));
        }
        let encoding = Encoding::checked(read_numbers(&mut input, columns)?).ok_or_else(|| {
            damaged(&format!(
                "face {} ({}) has numbers that no encoder gives",
                row + 1,
                shortened(name)
            ))
        })?;
        builder.add_encoding(name, source, PixelBox { x, y, w, h }, &encoding);
    }
    Ok((builder.build(), fingerprint))
}

/// Returns the message for a damaged file; `what` describes the damage.
pub(super) fn damaged(what: &str) -> String {
    format!("is damaged: {what}; enroll its photos again")
}

/// Reads the header, and returns it with the number of bytes that follow it in a file of `length`
/// bytes.
fn read_header(input: &mut impl Read, length: u64) -> Result<(Header, u64), String> {
    let mut bytes = [0; LENGTH_BYTES];
    read_exactly(input, &mut bytes)?;
    let header_bytes = u64::from_le_bytes(bytes);
    let rest = length.saturating_sub(LENGTH_BYTES as u64);
    let Some(data_bytes) = rest
        .checked_sub(header_bytes)
        .filter(|_| header_bytes <= MAX_HEADER_BYTES as u64)
    else {
        return Err(damaged("the length of its header is wrong"));
    };
    // At most `MAX_HEADER_BYTES`.
    let mut header = vec![0; header_bytes as usize];
    read_exactly(input, &mut header)?;
    Ok((Header::read(&header)?, data_bytes))
}

fn read_numbers(input: &mut impl Read, count: usize) -> Result<Vec<f32>, String> {
    let mut bytes = vec![0; count * size_of::<f32>()];
    read_exactly(input, &mut bytes)?;
    let (numbers, _) = bytes.as_chunks();
    Ok(numbers.iter().copied().map(f32::from_le_bytes).collect())
}

fn read_exactly(input: &mut impl Read, bytes: &mut [u8]) -> Result<(), String> {
    input.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged("it is cut off"),
        _ => format!("cannot be read: {error}"),
    })
}

/// Writes `gallery` to `out`, with `fingerprint` as the record of how it was made. The same gallery
/// gives the same bytes.
///
/// # Errors
/// Returns an error if `out` cannot be written, or if the names and paths do not fit into a header.
pub fn write_gallery(
    gallery: &Gallery,
    fingerprint: &Fingerprint,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut header = serde_json::to_vec(&NewHeader::of(gallery, fingerprint)?)?;
    // Pad the header, so that the numbers are aligned if the file is mapped into memory.
    header.resize(header.len().next_multiple_of(LENGTH_BYTES), b' ');
    if header.len() > MAX_HEADER_BYTES {
        return Err(io::Error::other(format!(
            "the names and paths of {} faces do not fit the header of a gallery file; make several galleries",
            gallery.faces()
        )));
    }
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(&header)?;
    for face in gallery.known_faces() {
        for value in face.encoding {
            out.write_all(&value.to_le_bytes())?;
        }
    }
    Ok(())
}

/// Header of a new file. The `safetensors` crate's own writer puts the metadata into an unordered
/// map.
#[derive(Serialize)]
struct NewHeader {
    #[serde(rename = "__metadata__")]
    metadata: BTreeMap<&'static str, String>,
    encodings: TensorInfo,
}

impl NewHeader {
    fn of(gallery: &Gallery, fingerprint: &Fingerprint) -> io::Result<Self> {
        let rows = gallery.faces();
        let columns = columns(gallery, fingerprint.encoder_kind())?;
        let of_box = |PixelBox { x, y, w, h }| [x, y, w, h];
        let names = list(gallery, |face| face.name.to_owned())?;
        let sources = list(gallery, |face| face.source.to_string_lossy().into_owned())?;
        let boxes = list(gallery, |face| of_box(face.bounds))?;
        Ok(Self {
            metadata: BTreeMap::from([
                ("format", FORMAT.to_owned()),
                ("version", env!("CARGO_PKG_VERSION").to_owned()),
                ("encoder", fingerprint.encoder.clone()),
                ("landmarks", fingerprint.landmarks.clone()),
                ("engine", fingerprint.engine.clone()),
                ("averaged", fingerprint.averaged.clone()),
                ("encode_from", fingerprint.encode_from.clone()),
                ("names", names),
                ("sources", sources),
                ("boxes", boxes),
            ]),
            encodings: TensorInfo {
                dtype: Dtype::F32,
                shape: vec![rows, columns],
                data_offsets: (0, rows * columns * size_of::<f32>()),
            },
        })
    }
}

/// Returns the number of numbers in each encoding of `gallery`, which must be that of `encoder`.
fn columns(gallery: &Gallery, encoder: Option<EncoderKind>) -> io::Result<usize> {
    let expected = encoder.map(EncoderKind::numbers);
    match gallery.encodings.columns() {
        0 => Ok(expected.unwrap_or(EncoderKind::Dlib.numbers())),
        own if expected.is_none_or(|expected| expected == own) => Ok(own),
        own => Err(io::Error::other(format!(
            "the encodings have {own} numbers, which the encoder in the fingerprint does not make"
        ))),
    }
}

/// Returns the results of `of` for all faces as a JSON array.
fn list<'a, T: Serialize>(
    gallery: &'a Gallery,
    of: impl Fn(KnownFace<'a>) -> T,
) -> io::Result<String> {
    let entries: Vec<T> = gallery.known_faces().map(of).collect();
    Ok(serde_json::to_string(&entries)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{ENCODING_LEN, EngineParams, distance};
    use crate::photo::EncodeFrom;
    use proptest::prelude::*;
    use std::collections::HashMap;

    const ROW_BYTES: usize = ENCODING_LEN * size_of::<f32>();

    fn fingerprint() -> Fingerprint {
        Fingerprint::of(&EngineParams::new("models"), EncodeFrom::Original).unwrap()
    }

    fn bytes(gallery: &Gallery) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_gallery(gallery, &fingerprint(), &mut bytes).unwrap();
        bytes
    }

    fn read(bytes: &[u8]) -> Result<(Gallery, Fingerprint), String> {
        read_gallery_from(bytes, bytes.len() as u64, SimdLevel::Scalar)
    }

    fn small() -> Gallery {
        let mut builder = GalleryBuilder::default();
        for (name, value) in [("ann", 0.25), ("bob", -1.5)] {
            let bounds = PixelBox {
                x: 1,
                y: 2,
                w: 3,
                h: 4,
            };
            builder.add_encoding(
                name,
                Path::new("a.jpg"),
                bounds,
                &Encoding::new([value; ENCODING_LEN]),
            );
        }
        builder.build()
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            faces in proptest::collection::vec(("\\PC{1,9}", ".{0,12}", any::<[u32; 4]>(), any::<u64>()), 0..9),
        ) {
            let mut builder = GalleryBuilder::default();
            for (name, source, [x, y, w, h], seed) in &faces {
                let numbers = facematch_kernels::test_numbers::numbers(ENCODING_LEN, *seed as u32);
                let encoding = Encoding::new(numbers);
                let bounds = PixelBox { x: *x, y: *y, w: *w, h: *h };
                builder.add_encoding(name, Path::new(source), bounds, &encoding);
            }
            let gallery = builder.build();
            let written = bytes(&gallery);
            let (found, made_by) = read(&written).unwrap();
            prop_assert_eq!(made_by, fingerprint());
            prop_assert!(found.known_faces().eq(gallery.known_faces()));
            prop_assert_eq!(bytes(&found), written);
        }

        #[test]
        fn a_damaged_file_is_refused_or_read_but_never_panics(
            place in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let whole = bytes(&small());
            let mut changed = whole.clone();
            changed[place.index(whole.len())] = byte;
            if let Ok((gallery, _)) = read(&changed) {
                prop_assert_eq!(gallery.faces(), 2);
            }
            prop_assert!(read(&whole[..cut.index(whole.len())]).is_err());
            changed = whole;
            changed.push(byte);
            prop_assert!(read(&changed).is_err());
        }
    }

    /// The crate orders keys arbitrarily, and a file of the first version does not contain
    /// `encode_from`.
    #[test]
    fn what_the_crate_writes_is_read() {
        let written = bytes(&small());
        let (_, metadata) = safetensors::SafeTensors::read_metadata(&written).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&written).unwrap();
        let mut texts: HashMap<String, String> = metadata.metadata().clone().unwrap();
        texts.remove("encode_from");
        let again = safetensors::serialize(tensors.tensors(), Some(texts)).unwrap();
        let (gallery, made_by) = read(&again).unwrap();
        assert!(gallery.known_faces().eq(small().known_faces()));
        let expected = Fingerprint {
            encode_from: RESIZED.to_owned(),
            ..fingerprint()
        };
        assert_eq!(made_by, expected);
    }

    /// The error used to be "no gallery file".
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_cannot_be_read_is_told_with_its_path() {
        // Not even the superuser can read it, because nothing is mapped at its beginning.
        let path = Path::new("/proc/self/mem");
        let error = is_gallery_file(path).unwrap_err();
        assert_eq!(error.kind(), "read");
        assert_eq!(error.path(), Some(path));
    }

    #[test]
    fn only_what_begins_like_a_gallery_may_be_one() {
        let folder = tempfile::tempdir().unwrap();
        let whole = bytes(&small());
        for (content, expected) in [
            (&whole[..], true),
            (&whole[..8], false),
            (b"a photo...", false),
        ] {
            let path = folder.path().join("file");
            fs::write(&path, content).unwrap();
            assert_eq!(is_gallery_file(&path).unwrap(), expected);
        }
        assert!(!is_gallery_file(folder.path()).unwrap());
    }

    #[test]
    fn the_crate_reads_the_same() {
        let bytes = bytes(&small());
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let encodings = tensors.tensor("encodings").unwrap();
        assert_eq!(encodings.shape(), [2, ENCODING_LEN]);
        assert_eq!(encodings.data()[..4], 0.25_f32.to_le_bytes());
        assert_eq!(encodings.data()[ROW_BYTES..][..4], (-1.5_f32).to_le_bytes());
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_reason() {
        let whole = bytes(&small());
        let header_end = whole.len() - 2 * ROW_BYTES;
        let header = std::str::from_utf8(&whole[LENGTH_BYTES..header_end]).unwrap();
        let refused = |from: &str, to: &str| {
            let header = header.replacen(from, to, 1);
            assert!(from.is_empty() || header.contains(to), "{from}");
            let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
            bytes.extend(header.as_bytes());
            bytes.extend([0; 2 * ROW_BYTES]);
            read(&bytes).map(|_| ()).unwrap_err()
        };
        for (from, to, reason) in [
            (
                "gallery/1",
                "gallery/2",
                "\"facematch-gallery/2\"; this version reads facematch-gallery/1",
            ),
            ("\"names\":", "\"namen\":", "lack \"names\""),
            (
                "[\\\"ann\\\",\\\"bob\\\"]",
                "[\\\"ann\\\"]",
                "1 names for 2 encodings",
            ),
            ("\\\"ann\\\"", "\\\"\\\"", "a name is empty"),
            ("[1,2,3,4]", "[1,2,3]", "boxes:"),
            ("\"F32\"", "\"I32\"", "must be F32 [N, 128]"),
            (
                "\"encodings\"",
                "\"embeddings\"",
                "no gallery: unknown field `embeddings`, expected `__metadata__` or `encodings`",
            ),
            ("[2,128]", "[2,128,1]", "is damaged: header: trailing"),
            ("[2,128]", "[256]", "no gallery: "),
            ("}}", "},\"more\":{}}", "no gallery: unknown field `more`"),
            (
                "[\\\"ann\\\",\\\"bob\\\"]",
                "[\\\"ann\\\",\\\"bob\\\",\\\"eve\\\"]",
                "names: more than the 2 encodings",
            ),
            ("[2,128]", "[3,128]", "is damaged: header"),
        ] {
            let message = refused(from, to);
            assert!(message.contains(reason), "{from}: {message}");
        }
    }

    #[test]
    fn numbers_that_no_encoder_gives_are_told_with_the_person() {
        let mut bytes = bytes(&small());
        let last = bytes.len() - 4;
        for number in [f32::NAN, f32::NEG_INFINITY, 1e30, f32::MAX, 101.0] {
            bytes[last..].copy_from_slice(&number.to_le_bytes());
            assert_eq!(
                read(&bytes).unwrap_err(),
                "is damaged: face 2 (bob) has numbers that no encoder gives; enroll its photos again"
            );
        }
        for number in [-0.0_f32, 1e-45, 90.0] {
            bytes[last..].copy_from_slice(&number.to_le_bytes());
            let (gallery, _) = read(&bytes).unwrap();
            let faces: Vec<_> = gallery.known_faces().collect();
            assert!(distance(faces[0].encoding, faces[1].encoding).is_finite());
        }
    }
}
