//! HEIC and AVIF files: pictures in one kind of container ([`container`]), coded as HEVC (`hevc`)
//! or AV1 (`av1`), whole or in tiles, whose colours become RGB ([`colour`]).
//!
//! Input: the bytes of a file. Output: the pixels of its primary image, never a thumbnail, a depth
//! map or another image of a burst, and how they are turned (`irot` and `imir`). The orientation in
//! EXIF metadata repeats that and does not count (ISO/IEC 23008-12, 6.5.10); neither does alpha.

#![cfg_attr(
    not(any(feature = "heic", feature = "avif")),
    allow(
        dead_code,
        unused_variables,
        reason = "without a decoder there are no pixels"
    )
)]

#[cfg(feature = "avif")]
mod av1;
mod colour;
mod container;
#[cfg(feature = "heic")]
mod hevc;

use std::path::Path;

use image::RgbImage;
use image::imageops::crop_imm;

use self::colour::{Coding, Planes};
pub(super) use self::container::{Boxes, find};
use self::container::{Container, Reader};
use super::decode::{CUT_OFF, check_dimensions, damaged, guarded};
use super::format::Format;
use super::unsupported::refused;
use super::{Decoded, Orientation};
use crate::error::ImageFileError;

/// Bytes that a decoder takes for a pixel: 16-bit samples, and the picture once more while it is
/// cropped.
const DECODER_BYTES: u64 = 6;
/// Largest side of the blocks in which pictures are coded: they may be larger by as much.
const BLOCK: u32 = 64;

/// Problem with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    Damaged,
    CutOff,
    /// A kind of file, as in "with very long metadata".
    Unsupported(&'static str),
    /// A format that this build does not read.
    #[cfg_attr(
        all(feature = "heic", feature = "avif"),
        expect(dead_code, reason = "it reads all")
    )]
    LeftOut(Format),
    /// Width, height, and bytes for each pixel.
    TooLarge(u32, u32, u64),
}

/// Decodes `bytes`, the file at `path`.
///
/// # Errors
/// [`ImageFileError::Decode`] if the file is damaged, cut off or of an unsupported kind,
/// [`ImageFileError::TooLarge`] if it exceeds the limits, [`ImageFileError::LeftOut`] if its
/// picture is coded in a way that this build does not read.
pub(super) fn decode(path: &Path, bytes: &[u8], format: Format) -> Result<Decoded, ImageFileError> {
    let (pixels, orientation) = guarded(path, || {
        picture(bytes).map_err(|problem| error(path, format, problem))
    })?;
    Ok(Decoded::new(pixels, orientation))
}

/// Returns the XMP about the primary image of `bytes`, the file at `path`.
///
/// # Errors
/// [`ImageFileError::Decode`] if the file is damaged or cut off, or if its XMP is compressed.
pub(super) fn packet(
    path: &Path,
    bytes: &[u8],
    format: Format,
) -> Result<Option<Vec<u8>>, ImageFileError> {
    let error = |problem| error(path, format, problem);
    let container = Container::of(bytes).map_err(error)?;
    for id in container.items_about(container.primary, *b"cdsc") {
        let item = container.item(id).map_err(error)?;
        if item.kind != *b"mime" || item.content_type != b"application/rdf+xml" {
            continue;
        }
        if item.is_encoded {
            return Err(error(Problem::Unsupported("with compressed XMP")));
        }
        return container.data(id).map(Some).map_err(error);
    }
    Ok(None)
}

fn error(path: &Path, format: Format, problem: Problem) -> ImageFileError {
    let name = format.facts().name;
    match problem {
        Problem::Damaged => damaged(path, &format!("the {name} is damaged")),
        Problem::CutOff => damaged(path, CUT_OFF),
        Problem::Unsupported(kind) => damaged(
            path,
            &format!("{name} files {kind} are not supported; save it as JPEG"),
        ),
        Problem::LeftOut(format) => refused(path, Some(format)),
        Problem::TooLarge(width, height, bytes) => {
            let error = check_dimensions(path, (width, height), bytes).err();
            error.unwrap_or_else(|| damaged(path, &format!("the {name} is damaged")))
        }
    }
}

/// Returns the pixels of the primary image as stored, and how to turn them.
fn picture(file: &[u8]) -> Result<(RgbImage, Orientation), Problem> {
    let container = Container::of(file)?;
    let (id, passed) = container.source(container.primary)?;
    let mut image = match &container.item(id)?.kind {
        b"grid" => mosaic(&container, id)?,
        _ => {
            let size = size(&container, id)?;
            check(size, 3)?;
            let mut image = RgbImage::new(size.0, size.1);
            draw(&container, id, id, &mut image, (0, 0))?;
            image
        }
    };
    let mut turn = Turn::NONE;
    for (kind, content) in passed.iter().flat_map(|id| container.properties(*id)) {
        let mut reader = Reader(content);
        match &kind {
            b"irot" => {
                for _ in 0..reader.number(1)? & 3 {
                    turn = turn.then(Turn::LEFT);
                }
            }
            b"imir" => {
                turn = turn.then(match reader.number(1)? & 1 {
                    0 => Turn::UPSIDE_DOWN,
                    _ => Turn::MIRRORED,
                });
            }
            b"clap" if turn == Turn::NONE => image = cropped(&image, reader)?,
            b"clap" => return Err(Problem::Unsupported("that are cropped after turning")),
            _ => {}
        }
    }
    Ok((image, turn.orientation()))
}

/// Returns the size of the picture `id`.
fn size(container: &Container, id: u32) -> Result<(u32, u32), Problem> {
    let content = container.property(id, *b"ispe").ok_or(Problem::Damaged)?;
    let mut reader = Reader(content);
    let [_, _, _, _] = reader.array()?;
    Ok((reader.number(4)? as u32, reader.number(4)? as u32))
}

fn check((width, height): (u32, u32), bytes: u64) -> Result<(), Problem> {
    match check_dimensions(Path::new(""), (width, height), bytes) {
        Ok(()) => Ok(()),
        Err(_) => Err(Problem::TooLarge(width, height, bytes)),
    }
}

/// Returns the picture `id`, which is composed of tiles (ISO/IEC 23008-12, 6.6.2.3).
fn mosaic(container: &Container, id: u32) -> Result<RgbImage, Problem> {
    let data = container.data(id)?;
    let mut reader = Reader(&data);
    let [_, flags, rows, columns] = reader.array()?;
    let side = if flags & 1 == 1 { 4 } else { 2 };
    let (width, height) = (reader.number(side)? as u32, reader.number(side)? as u32);
    check((width, height), 3)?;
    let (rows, columns) = (u32::from(rows) + 1, u32::from(columns) + 1);
    let tiles = container.parts(id);
    let first = *tiles.first().ok_or(Problem::Damaged)?;
    let (tile_width, tile_height) = size(container, first)?;
    // No tile lies outside the picture: else a small file could have many of them decoded.
    let fits = |count: u32, tile: u32, side: u32| {
        let (count, tile, side) = (u64::from(count), u64::from(tile), u64::from(side));
        count * tile >= side && (count - 1) * tile < side
    };
    if tiles.len() as u64 != u64::from(rows) * u64::from(columns)
        || !fits(columns, tile_width, width)
        || !fits(rows, tile_height, height)
    {
        return Err(Problem::Damaged);
    }
    let mut image = RgbImage::new(width, height);
    for (number, tile) in (0..).zip(tiles) {
        if size(container, *tile)? != (tile_width, tile_height) {
            return Err(Problem::Damaged);
        }
        let place = (
            number % columns * tile_width,
            number / columns * tile_height,
        );
        draw(container, id, *tile, &mut image, place)?;
    }
    Ok(image)
}

/// Decodes the coded picture `id` and draws it at `place` into `image`, which shows the picture
/// `whole`.
fn draw(
    container: &Container,
    whole: u32,
    id: u32,
    image: &mut RgbImage,
    place: (u32, u32),
) -> Result<(), Problem> {
    let (width, height) = size(container, id)?;
    check((width, height), DECODER_BYTES)?;
    let most = u64::from(width.next_multiple_of(BLOCK)) * u64::from(height.next_multiple_of(BLOCK));
    let mut planes = coded(container, id, most)?;
    if planes.width < width || planes.height < height {
        return Err(Problem::Damaged);
    }
    planes.visible = (width, height);
    let coding = [whole, id].iter().find_map(|id| coding(container, *id));
    let coding = coding.unwrap_or(planes.coding);
    if !colour::is_known(coding.matrix) {
        return Err(Problem::Unsupported("with these colours"));
    }
    colour::draw(&planes, coding, image, place);
    Ok(())
}

/// Decodes the coded picture `id`, which must not have more than `most` pixels.
fn coded(container: &Container, id: u32, most: u64) -> Result<Planes, Problem> {
    match &container.item(id)?.kind {
        #[cfg(feature = "heic")]
        b"hvc1" | b"hev1" => {
            let config = container.property(id, *b"hvcC").ok_or(Problem::Damaged)?;
            hevc::decode(config, &container.data(id)?, most)
        }
        #[cfg(not(feature = "heic"))]
        b"hvc1" | b"hev1" => Err(Problem::LeftOut(Format::Heic)),
        #[cfg(feature = "avif")]
        b"av01" => av1::decode(container.data(id)?, most),
        #[cfg(not(feature = "avif"))]
        b"av01" => Err(Problem::LeftOut(Format::Avif)),
        b"iovl" => Err(Problem::Unsupported("composed of several pictures")),
        _ => Err(Problem::Unsupported("coded in this way")),
    }
}

/// Returns how the container says that the colours of the picture `id` are coded.
fn coding(container: &Container, id: u32) -> Option<Coding> {
    let properties = container.properties(id);
    let mut profiles = properties.filter(|(kind, _)| kind == b"colr");
    profiles.find_map(|(_, content)| match content {
        [b'n', b'c', b'l', b'x', _, _, _, _, high, low, flags, ..] => Some(Coding {
            matrix: u16::from_be_bytes([*high, *low]),
            full_range: flags & 0x80 != 0,
        }),
        _ => None,
    })
}

/// Returns the part of `image` that a clean aperture shows (ISO/IEC 14496-12, 12.1.4).
fn cropped(image: &RgbImage, mut aperture: Reader) -> Result<RgbImage, Problem> {
    let mut fraction = || {
        let numerator = i64::from(aperture.number(4)? as u32 as i32);
        let denominator = i64::from(aperture.number(4)? as u32);
        match denominator {
            0 => Err(Problem::Damaged),
            _ => Ok(numerator as f64 / denominator as f64),
        }
    };
    let (width, height) = (fraction()?, fraction()?);
    let (right, down) = (fraction()?, fraction()?);
    let part = |side: u32, length: f64, offset: f64| {
        let length = length.round();
        let start = ((f64::from(side) - length) / 2.0 + offset).floor();
        let is_inside = length >= 1.0 && start >= 0.0 && start + length <= f64::from(side);
        is_inside.then_some((start as u32, length as u32))
    };
    let across = part(image.width(), width, right).ok_or(Problem::Damaged)?;
    let along = part(image.height(), height, down).ok_or(Problem::Damaged)?;
    Ok(crop_imm(image, across.0, along.0, across.1, along.1).to_image())
}

/// Where the stored right and the stored bottom are when a picture is displayed, each as (x, y).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turn([(i8, i8); 2]);

impl Turn {
    const NONE: Self = Self([(1, 0), (0, 1)]);
    /// A quarter turn anticlockwise.
    const LEFT: Self = Self([(0, -1), (1, 0)]);
    const MIRRORED: Self = Self([(-1, 0), (0, 1)]);
    const UPSIDE_DOWN: Self = Self([(1, 0), (0, -1)]);

    fn then(self, next: Self) -> Self {
        let [right, bottom] = next.0;
        Self(
            self.0
                .map(|(x, y)| (x * right.0 + y * bottom.0, x * right.1 + y * bottom.1)),
        )
    }

    fn orientation(self) -> Orientation {
        let number = match self.0 {
            [(-1, _), (_, 1)] => 2,
            [(-1, _), _] => 3,
            [(1, _), (_, -1)] => 4,
            [(_, 1), (1, _)] => 5,
            [(_, 1), _] => 6,
            [(_, -1), (-1, _)] => 7,
            [(_, -1), _] => 8,
            _ => 1,
        };
        Orientation::from_exif(number).unwrap_or(Orientation::UPRIGHT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_have_the_numbers_of_exif() {
        let right = Turn::LEFT.then(Turn::LEFT).then(Turn::LEFT);
        for (turn, number) in [
            (Turn::NONE, 1),
            (Turn::MIRRORED, 2),
            (Turn::LEFT.then(Turn::LEFT), 3),
            (Turn::UPSIDE_DOWN, 4),
            (right.then(Turn::MIRRORED), 5),
            (right, 6),
            (Turn::LEFT.then(Turn::MIRRORED), 7),
            (Turn::LEFT, 8),
        ] {
            assert_eq!(turn.orientation().exif(), number, "{turn:?}");
        }
    }
}
