//! Encoding of the results of a photo as bytes, and decoding: exact for every number, and free of
//! panics for every input.
//!
//! The format, with all numbers little-endian: version (1 byte), width and height (u32 each), EXIF
//! orientation (1 byte), width of the working copy (u32), number of faces (u32), and each face. A
//! face: box (4 x u32), score, landmarks, quality (f32), upright or not (1 byte: 1 or 0), turn (1
//! byte), model of the working landmarks (1 byte), their rectangle (4 x i64), working landmarks,
//! encoding. Points are a number (u32) and two f64 each. A score (f32) follows a byte that is 1 if
//! there is one and 0 if there is none. An encoding (128 x f32 or 192 x f32) follows a byte that is
//! 1 or 2, or 0 if there is none.

use facematch_image_files::{Orientation, Original};

use crate::engine::{EncoderKind, Encoding, LandmarkModel, Landmarks};
use crate::geometry::{PixelBox, Point, Rect};
use crate::photo::{Face, FoundFace, PhotoFaces, Turn};

/// Version of the format; other versions are not read. Increase it when the format changes.
const VERSION: u8 = 6;

/// Size in bytes of the smallest face: box, no score, no points, quality, upright, turn, model,
/// rectangle, no points, no encoding.
const MIN_FACE_BYTES: usize = 16 + 1 + 4 + 4 + 1 + 1 + 1 + 32 + 4 + 1;

/// Size in bytes of a point.
const POINT_BYTES: usize = 16;

/// Encodes `photo`.
pub fn encode(photo: &PhotoFaces) -> Vec<u8> {
    let PhotoFaces {
        original,
        faces,
        copy_width,
        ..
    } = photo;
    let mut bytes = vec![VERSION];
    put_u32(&mut bytes, original.size.0);
    put_u32(&mut bytes, original.size.1);
    bytes.push(original.orientation.exif());
    bytes.push(u8::from(original.is_preview));
    put_u32(&mut bytes, *copy_width);
    put_count(&mut bytes, faces.len());
    for found in faces {
        put_face(&mut bytes, found);
    }
    bytes
}

/// Decodes the photo in `bytes`. Returns `None` if they are not exactly the output of [`encode`]
/// for some photo: truncated, too long, of another version, with an invalid number, with an
/// encoding that no encoder makes, or with a box that leaves the photo.
pub fn decode(bytes: &[u8]) -> Option<PhotoFaces> {
    let mut reader = Reader(bytes);
    if reader.byte()? != VERSION {
        return None;
    }
    let size = (reader.u32()?, reader.u32()?);
    let orientation = Orientation::from_exif(reader.byte()?)?;
    let is_preview = match reader.byte()? {
        0 => false,
        1 => true,
        _ => return None,
    };
    let original = Original {
        size,
        orientation,
        is_preview,
    };
    let copy_width = reader.u32()?;
    let count = reader.count(MIN_FACE_BYTES)?;
    let faces = (0..count)
        .map(|_| reader.face(size))
        .collect::<Option<Vec<_>>>()?;
    reader
        .0
        .is_empty()
        .then(|| PhotoFaces::remembered(original, copy_width, faces))
}

fn turn_number(turn: Turn) -> u8 {
    match turn {
        Turn::None => 0,
        Turn::Quarter => 1,
        Turn::Half => 2,
        Turn::ThreeQuarters => 3,
    }
}

fn model_number(model: LandmarkModel) -> u8 {
    match model {
        LandmarkModel::FivePoint => 0,
        LandmarkModel::SixtyEightPoint => 1,
        LandmarkModel::Retinaface => 2,
    }
}

/// Returns the encoder that makes encodings of this size.
fn encoder_of(size: usize) -> Option<EncoderKind> {
    let mut kinds = EncoderKind::ALL.into_iter();
    kinds.find(|kind| kind.numbers() == size)
}

/// Returns the byte that precedes an encoding of this encoder.
fn encoder_number(encoder: EncoderKind) -> u8 {
    match encoder {
        EncoderKind::Dlib => 1,
        EncoderKind::Mobilefacenet => 2,
    }
}

fn put_face(bytes: &mut Vec<u8>, found: &FoundFace) {
    let FoundFace {
        face,
        turn,
        working_landmarks,
    } = found;
    let PixelBox { x, y, w, h } = face.bounds;
    for number in [x, y, w, h] {
        put_u32(bytes, number);
    }
    match face.score {
        Some(score) => {
            bytes.push(1);
            put_f32(bytes, score);
        }
        None => bytes.push(0),
    }
    put_points(bytes, &face.landmarks);
    put_f32(bytes, face.quality);
    bytes.push(u8::from(face.upright));
    bytes.push(turn_number(*turn));
    bytes.push(model_number(working_landmarks.model));
    let Rect {
        left,
        top,
        right,
        bottom,
    } = working_landmarks.rect;
    for number in [left, top, right, bottom] {
        bytes.extend(number.to_le_bytes());
    }
    put_points(bytes, &working_landmarks.points);
    let numbers = face.encoding.as_ref().map_or(&[][..], Encoding::values);
    bytes.push(encoder_of(numbers.len()).map_or(0, encoder_number));
    for &number in numbers {
        put_f32(bytes, number);
    }
}

fn put_points(bytes: &mut Vec<u8>, points: &[Point]) {
    put_count(bytes, points.len());
    for point in points {
        bytes.extend(point.x.to_le_bytes());
        bytes.extend(point.y.to_le_bytes());
    }
}

/// Appends a `count`. The counted things of one photo are in memory, so there are far fewer than
/// 2^32.
fn put_count(bytes: &mut Vec<u8>, count: usize) {
    put_u32(bytes, u32::try_from(count).unwrap_or(u32::MAX));
}

fn put_u32(bytes: &mut Vec<u8>, number: u32) {
    bytes.extend(number.to_le_bytes());
}

fn put_f32(bytes: &mut Vec<u8>, number: f32) {
    bytes.extend(number.to_le_bytes());
}

/// Reader of the remaining bytes.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    fn f32(&mut self) -> Option<f32> {
        let number = self.array().map(f32::from_le_bytes)?;
        number.is_finite().then_some(number)
    }

    fn f64(&mut self) -> Option<f64> {
        let number = self.array().map(f64::from_le_bytes)?;
        number.is_finite().then_some(number)
    }

    /// Reads a byte that must be 0 (false) or 1 (true).
    fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn turn(&mut self) -> Option<Turn> {
        let number = self.byte()?;
        let mut turns = Turn::ALL.into_iter();
        turns.find(|turn| turn_number(*turn) == number)
    }

    fn landmark_model(&mut self) -> Option<LandmarkModel> {
        let number = self.byte()?;
        let mut models = LandmarkModel::ALL.into_iter();
        models.find(|model| model_number(*model) == number)
    }

    /// Reads a count of things of at least `bytes` bytes each. A count that exceeds the remaining
    /// bytes is refused, so that no memory is allocated for things that do not exist.
    fn count(&mut self, bytes: usize) -> Option<usize> {
        let count = usize::try_from(self.u32()?).ok()?;
        (count <= self.0.len() / bytes).then_some(count)
    }

    fn points(&mut self) -> Option<Vec<Point>> {
        let count = self.count(POINT_BYTES)?;
        (0..count)
            .map(|_| Some(Point::new(self.f64()?, self.f64()?)))
            .collect()
    }

    /// Reads a box, which must be inside a photo of `size`.
    fn bounds(&mut self, (width, height): (u32, u32)) -> Option<PixelBox> {
        let (x, y, w, h) = (self.u32()?, self.u32()?, self.u32()?, self.u32()?);
        let inside = x.checked_add(w)? <= width && y.checked_add(h)? <= height;
        inside.then_some(PixelBox { x, y, w, h })
    }

    fn rect(&mut self) -> Option<Rect> {
        Some(Rect {
            left: self.i64()?,
            top: self.i64()?,
            right: self.i64()?,
            bottom: self.i64()?,
        })
    }

    /// Reads an encoding, or that there is none.
    fn encoding(&mut self) -> Option<Option<Encoding>> {
        let number = self.byte()?;
        if number == 0 {
            return Some(None);
        }
        let mut kinds = EncoderKind::ALL.into_iter();
        let kind = kinds.find(|kind| encoder_number(*kind) == number)?;
        let values: Option<Vec<f32>> = (0..kind.numbers()).map(|_| self.f32()).collect();
        Encoding::checked(values?).map(Some)
    }

    fn face(&mut self, size: (u32, u32)) -> Option<FoundFace> {
        let bounds = self.bounds(size)?;
        let score = match self.flag()? {
            true => Some(self.f32()?),
            false => None,
        };
        let landmarks = self.points()?;
        let quality = self.f32()?;
        let upright = self.flag()?;
        let turn = self.turn()?;
        let working_landmarks = Landmarks {
            model: self.landmark_model()?,
            rect: self.rect()?,
            points: self.points()?,
        };
        let encoding = self.encoding()?;
        Some(FoundFace {
            face: Face {
                bounds,
                score,
                landmarks,
                encoding,
                quality,
                upright,
            },
            turn,
            working_landmarks,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::engine::ENCODING_LEN;
    use proptest::prelude::*;

    fn finite_f32() -> impl Strategy<Value = f32> {
        any::<u32>()
            .prop_map(f32::from_bits)
            .prop_filter("finite", |n| n.is_finite())
    }

    fn points() -> impl Strategy<Value = Vec<Point>> {
        let finite = || {
            any::<u64>()
                .prop_map(f64::from_bits)
                .prop_filter("finite", |n| n.is_finite())
        };
        let point = (finite(), finite()).prop_map(|(x, y)| Point::new(x, y));
        prop::collection::vec(point, 0..8)
    }

    fn face((width, height): (u32, u32)) -> impl Strategy<Value = FoundFace> {
        let bounds = (0..width, 0..height).prop_flat_map(move |(x, y)| {
            (0..=width - x, 0..=height - y).prop_map(move |(w, h)| PixelBox { x, y, w, h })
        });
        // Small enough for an encoding, but with signs of zero and subnormal numbers.
        let number = finite_f32().prop_map(|n| n % 7.0).boxed();
        let size = prop::sample::select(EncoderKind::ALL.map(EncoderKind::numbers).to_vec());
        let encoding = size.prop_flat_map(move |size| prop::collection::vec(number.clone(), size));
        let encoding = prop::option::of(encoding.prop_map(of_plausible_length));
        let rect = any::<[i64; 4]>();
        let score = prop::option::of(finite_f32());
        let turned = (
            finite_f32(),
            any::<bool>(),
            prop::sample::select(Turn::ALL.to_vec()),
        );
        let working = (
            prop::sample::select(LandmarkModel::ALL.to_vec()),
            rect,
            points(),
        );
        (bounds, score, points(), turned, working, encoding).prop_map(
            |(bounds, score, landmarks, turned, working, encoding)| {
                let (model, [left, top, right, bottom], working) = working;
                FoundFace {
                    face: Face {
                        bounds,
                        score,
                        landmarks,
                        encoding: encoding.map(Encoding::new),
                        quality: turned.0,
                        upright: turned.1,
                    },
                    turn: turned.2,
                    working_landmarks: Landmarks {
                        model,
                        rect: Rect {
                            left,
                            top,
                            right,
                            bottom,
                        },
                        points: working,
                    },
                }
            },
        )
    }

    /// Returns the numbers of an encoding: MobileFaceNet's have a length of 1.
    fn of_plausible_length(mut numbers: Vec<f32>) -> Vec<f32> {
        if numbers.len() == EncoderKind::Mobilefacenet.numbers() {
            let squares = numbers.iter().map(|&n| f64::from(n) * f64::from(n));
            let length = squares.sum::<f64>().sqrt();
            match length > 1e-30 {
                true => numbers
                    .iter_mut()
                    .for_each(|n| *n = (f64::from(*n) / length) as f32),
                false => numbers[0] = 1.0,
            }
        }
        numbers
    }

    fn photo() -> impl Strategy<Value = PhotoFaces> {
        let size = (1..20_000_u32, 1..20_000_u32);
        size.prop_flat_map(|size| {
            let faces = prop::collection::vec(face(size), 0..4);
            let numbers = (1..=8_u8, any::<bool>(), any::<u32>());
            (numbers, faces).prop_map(move |((exif, is_preview, copy_width), faces)| {
                let original = Original {
                    size,
                    orientation: Orientation::from_exif(exif).unwrap(),
                    is_preview,
                };
                PhotoFaces::remembered(original, copy_width, faces)
            })
        })
    }

    /// Returns a photo with one face whose encoding depends on `number`, up to 255.
    pub(in crate::cache) fn sample(number: f32) -> PhotoFaces {
        let points = vec![Point::new(1.0 / 3.0, f64::from(number)); 5];
        let original = Original {
            size: (640, 480),
            orientation: Orientation::UPRIGHT,
            is_preview: false,
        };
        let faces = vec![FoundFace {
            face: Face {
                bounds: PixelBox {
                    x: 10,
                    y: 20,
                    w: 100,
                    h: 110,
                },
                score: Some(0.1),
                landmarks: points.clone(),
                encoding: Some(Encoding::new([number / 256.0; ENCODING_LEN])),
                quality: 0.9,
                upright: true,
            },
            turn: Turn::None,
            working_landmarks: Landmarks {
                model: LandmarkModel::Retinaface,
                rect: Rect {
                    left: -3,
                    top: 4,
                    right: 50,
                    bottom: 60,
                },
                points,
            },
        }];
        PhotoFaces::remembered(original, 500, faces)
    }

    proptest! {
        /// Compared as bytes, so that every bit counts: `==` ignores the sign of a zero.
        #[test]
        fn what_is_read_is_what_was_written(photo in photo()) {
            let bytes = encode(&photo);
            let read = decode(&bytes).unwrap();
            prop_assert_eq!(&read, &photo);
            prop_assert_eq!(encode(&read), bytes);
        }

        #[test]
        fn every_cut_and_every_addition_is_refused(photo in photo(), cut in any::<prop::sample::Index>()) {
            let mut bytes = encode(&photo);
            prop_assert_eq!(decode(&bytes[..cut.index(bytes.len())]), None);
            bytes.push(0);
            prop_assert_eq!(decode(&bytes), None);
        }

        #[test]
        fn a_changed_byte_is_refused_or_read_as_it_stands(
            photo in photo(), place in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let mut bytes = encode(&photo);
            let place = place.index(bytes.len());
            bytes[place] = byte;
            if let Some(read) = decode(&bytes) {
                prop_assert_eq!(encode(&read), bytes);
            }
        }

        #[test]
        fn arbitrary_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            decode(&bytes);
        }
    }

    #[test]
    fn an_encoding_that_no_encoder_makes_is_refused() {
        let mut photo = sample(1.0);
        for (number, is_read) in [(-0.0, true), (1e-42, true), (8.0, true), (1e30, false)] {
            photo.faces[0].face.encoding = Some(Encoding::new([number; ENCODING_LEN]));
            assert_eq!(decode(&encode(&photo)).is_some(), is_read, "{number}");
        }
    }

    #[test]
    fn a_number_of_faces_that_cannot_be_there_takes_no_memory() {
        let mut bytes = encode(&PhotoFaces {
            faces: Vec::new(),
            ..sample(1.0)
        });
        let count = bytes.len() - 4;
        bytes[count..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(decode(&bytes), None);
    }
}
