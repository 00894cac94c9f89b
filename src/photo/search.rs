//! From the path of a photo to the faces in it, with everything that can be chosen about it: [`PhotoSettings`].

use std::path::Path;

use image::RgbImage;
use image::imageops::{rotate90, rotate180, rotate270};

use super::{Depth, Face, FoundFace, Stage, StageTimes, find_faces, open_bytes};
use crate::engine::{Encoding, FaceEngine, Landmarks};
use crate::error::Error;
use crate::geometry::{PixelBox, Point};
use crate::image::{Original, decode_bytes, read_file};

/// How photos are searched. Known and unknown photos must be searched alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhotoSettings {
    /// The width of the working copy, in pixels; 0 keeps the photo's.
    pub width: u32,
    /// What face chips are cut from.
    pub encode_from: EncodeFrom,
    /// Whether a photo without a face is turned by 90, 180 and 270 degrees and searched again.
    pub try_rotations: bool,
}

/// What face chips are cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeFrom {
    /// The working copy.
    Resized,
    /// The photo itself at full size, which has to be decoded for it. Only for an engine that takes landmarks from
    /// elsewhere; dlib's does not.
    Original,
}

/// How far the photo was turned, clockwise, before faces were found in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Not at all.
    None,
    /// By 90 degrees.
    Quarter,
    /// By 180 degrees.
    Half,
    /// By 270 degrees.
    ThreeQuarters,
}

/// What was found in a photo, without any of its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundPhoto {
    /// What the photo is in its file.
    pub original: Original,
    /// How the working copy was turned that [`FoundFace::working_landmarks`] lie in.
    pub turn: Turn,
    /// Its faces, from left to right.
    pub faces: Vec<FoundFace>,
}

/// A photo that was searched.
#[derive(Debug, Clone)]
pub struct SearchedPhoto {
    /// What the photo is in its file.
    pub original: Original,
    /// How `copy` was turned.
    pub turn: Turn,
    /// Its faces, from left to right.
    pub faces: Vec<FoundFace>,
    /// The working copy that [`FoundFace::working_landmarks`] lie in; turned when faces were found in a turned one alone.
    pub copy: RgbImage,
}

/// Reads the photo at `path` and finds its faces as `settings` say.
///
/// # Errors
/// When the photo cannot be read or decoded, passes the limits of [`crate::image`], or the engine refuses it.
pub fn search(
    path: &Path,
    settings: &PhotoSettings,
    depth: Depth,
    engine: &mut dyn FaceEngine,
    times: &mut StageTimes,
) -> Result<SearchedPhoto, Error> {
    let bytes = times.measure(Stage::Decode, || read_file(path))?;
    search_bytes(path, bytes, settings, depth, engine, times)
}

/// [`search`] for whoever has read the file at `path` already: `bytes` are its content, and the path is not opened.
///
/// # Errors
/// When the photo cannot be decoded, passes the limits of [`crate::image`], or the engine refuses it.
pub fn search_bytes(
    path: &Path,
    bytes: Vec<u8>,
    settings: &PhotoSettings,
    depth: Depth,
    engine: &mut dyn FaceEngine,
    times: &mut StageTimes,
) -> Result<SearchedPhoto, Error> {
    let (original, copy) = open_bytes(path, &bytes, settings.width, times)?;
    // A large file must not lie in memory while faces are looked for, unless it is needed again.
    let bytes = match settings.encode_from {
        EncodeFrom::Resized => Vec::new(),
        EncodeFrom::Original => bytes,
    };
    let direct = match settings.encode_from {
        EncodeFrom::Resized => depth,
        EncodeFrom::Original => Depth::Landmarks,
    };
    let (turn, copy, mut faces) =
        search_turned(path, original.size, copy, settings, direct, engine, times)?;
    if direct != depth && !faces.is_empty() {
        let whole = times.measure(Stage::Decode, || {
            decode_bytes(path, &bytes)?.into_upright(path)
        })?;
        let whole = turn.apply(whole);
        let encodings = times.measure(Stage::Encode, || encode_in(path, &whole, &faces, engine))?;
        for (found, encoding) in faces.iter_mut().zip(encodings) {
            found.face.encoding = Some(encoding);
        }
    }
    for found in &mut faces {
        turn.bring_back(&mut found.face, original.size);
    }
    super::sort_from_left(&mut faces);
    Ok(SearchedPhoto {
        original,
        turn,
        faces,
        copy,
    })
}

/// The faces of `copy`, or of the turned copy that has the most, when it has none and turning is wanted: the turn, the
/// copy that was searched and its faces, in pixels of the turned photo.
fn search_turned(
    path: &Path,
    size: (u32, u32),
    copy: RgbImage,
    settings: &PhotoSettings,
    depth: Depth,
    engine: &mut dyn FaceEngine,
    times: &mut StageTimes,
) -> Result<(Turn, RgbImage, Vec<FoundFace>), Error> {
    let faces = find_faces(path, size, &copy, engine, depth, times)?;
    if !faces.is_empty() || !settings.try_rotations {
        return Ok((Turn::None, copy, faces));
    }
    let mut best: Option<(Turn, RgbImage, Vec<FoundFace>)> = None;
    for turn in [Turn::Quarter, Turn::ThreeQuarters, Turn::Half] {
        let turned = times.measure(Stage::Resize, || turn.apply(copy.clone()));
        let faces = find_faces(path, turn.size(size), &turned, engine, depth, times)?;
        let most = best.as_ref().map_or(0, |(_, _, faces)| faces.len());
        if faces.len() > most {
            best = Some((turn, turned, faces));
        }
    }
    Ok(best.unwrap_or((Turn::None, copy, Vec::new())))
}

/// The encodings of `faces` in `image`, the photo at full size that their boxes and landmarks are in pixels of.
fn encode_in(
    path: &Path,
    image: &RgbImage,
    faces: &[FoundFace],
    engine: &mut dyn FaceEngine,
) -> Result<Vec<Encoding>, Error> {
    let landmarks: Vec<Landmarks> = faces
        .iter()
        .map(|found| Landmarks {
            rect: found.face.bounds.rect(),
            points: found.face.landmarks.clone(),
        })
        .collect();
    engine
        .encode(image, &landmarks)
        .map_err(|source| Error::Engine {
            path: path.to_owned(),
            source,
        })
}

impl SearchedPhoto {
    /// What was found, and the working copy.
    pub fn into_parts(self) -> (FoundPhoto, RgbImage) {
        let Self {
            original,
            turn,
            faces,
            copy,
        } = self;
        let found = FoundPhoto {
            original,
            turn,
            faces,
        };
        (found, copy)
    }
}

impl Turn {
    /// Every turn.
    pub const ALL: [Self; 4] = [Self::None, Self::Quarter, Self::Half, Self::ThreeQuarters];

    /// The image turned.
    pub fn apply(self, image: RgbImage) -> RgbImage {
        match self {
            Self::None => image,
            Self::Quarter => rotate90(&image),
            Self::Half => rotate180(&image),
            Self::ThreeQuarters => rotate270(&image),
        }
    }

    /// The size of a turned photo of `size`.
    fn size(self, (width, height): (u32, u32)) -> (u32, u32) {
        match self {
            Self::None | Self::Half => (width, height),
            Self::Quarter | Self::ThreeQuarters => (height, width),
        }
    }

    /// Takes a face in the turned photo to where it is in the photo of `size`.
    fn bring_back(self, face: &mut Face, size: (u32, u32)) {
        if self == Self::None {
            return;
        }
        face.bounds = self.box_back(face.bounds, size);
        for point in &mut face.landmarks {
            *point = self.point_back(*point, size);
        }
    }

    fn box_back(self, bounds: PixelBox, (width, height): (u32, u32)) -> PixelBox {
        let PixelBox { x, y, w, h } = bounds;
        match self {
            Self::None => bounds,
            Self::Quarter => PixelBox {
                x: y,
                y: height - x - w,
                w: h,
                h: w,
            },
            Self::Half => PixelBox {
                x: width - x - w,
                y: height - y - h,
                w,
                h,
            },
            Self::ThreeQuarters => PixelBox {
                x: width - y - h,
                y: x,
                w: h,
                h: w,
            },
        }
    }

    fn point_back(self, p: Point, (width, height): (u32, u32)) -> Point {
        let (right, bottom) = (f64::from(width) - 1.0, f64::from(height) - 1.0);
        match self {
            Self::None => p,
            Self::Quarter => Point::new(p.y, bottom - p.x),
            Self::Half => Point::new(right - p.x, bottom - p.y),
            Self::ThreeQuarters => Point::new(right - p.y, p.x),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place of the only white pixel.
    fn white(image: &RgbImage) -> (u32, u32) {
        let mut pixels = image.enumerate_pixels();
        let (x, y, _) = pixels.find(|(_, _, pixel)| pixel.0 == [255; 3]).unwrap();
        (x, y)
    }

    #[test]
    fn places_in_a_turned_photo_come_back_to_where_they_were() {
        let size = (7, 5);
        let mut image = RgbImage::new(size.0, size.1);
        image.put_pixel(5, 1, image::Rgb([255; 3]));
        for turn in [Turn::None, Turn::Quarter, Turn::Half, Turn::ThreeQuarters] {
            let turned = turn.apply(image.clone());
            assert_eq!(turned.dimensions(), turn.size(size), "{turn:?}");
            let (x, y) = white(&turned);
            let mut face = Face {
                bounds: PixelBox { x, y, w: 1, h: 1 },
                score: None,
                landmarks: vec![Point::new(f64::from(x), f64::from(y))],
                encoding: None,
            };
            turn.bring_back(&mut face, size);
            let expected = PixelBox {
                x: 5,
                y: 1,
                w: 1,
                h: 1,
            };
            assert_eq!(face.bounds, expected, "{turn:?}");
            assert_eq!(face.landmarks, [Point::new(5.0, 1.0)], "{turn:?}");
        }
    }

    #[test]
    fn a_box_comes_back_with_its_sides_swapped() {
        let bounds = PixelBox {
            x: 0,
            y: 1,
            w: 2,
            h: 3,
        };
        let expected = PixelBox {
            x: 1,
            y: 8,
            w: 3,
            h: 2,
        };
        assert_eq!(Turn::Quarter.box_back(bounds, (20, 10)), expected);
    }
}
