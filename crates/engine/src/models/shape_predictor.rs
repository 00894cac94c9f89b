//! A check of dlib's landmark models (`shape_predictor`) before they are used, which also passes on
//! their numbers. Input: the whole file as bytes. Output: the kind of landmark model and, through a
//! [`Sink`], the numbers; or a [`Fault`]. The check by itself needs no memory: its sink, `()`,
//! drops everything.
//!
//! dlib trusts such files: it allocates whatever a count requests, and it uses the indices in the
//! file without a bounds check. An accepted file meets the requirements of dlib's code
//! (dlib/image_processing/shape_predictor.h):
//!
//! - A tree of `n` splits is walked from `i = 0` to `2i + 1` or `2i + 2` while `i < n`, and
//!   `leaf_values[i - n]` is the result. So `n + 1` leaves are needed, and `n + 1` must be a power
//!   of two.
//! - Each split compares two of the pixels that the anchors and deltas of its cascade define, by
//!   index.
//! - Each leaf is added to the shape and has its size; each anchor is the index of a point of the
//!   shape.
//!
//! Absurd but finite numbers are accepted: dlib survives them, even if their sums become infinite,
//! and the resulting landmarks are checked when a face chip is cut.

use super::reader::{Damage, MIN_FLOAT_BYTES, MIN_INTEGER_BYTES, Reader};
use crate::LandmarkModel;

/// Minimum size of a split in bytes: two indices and a threshold.
const MIN_SPLIT_BYTES: usize = 2 * MIN_INTEGER_BYTES + MIN_FLOAT_BYTES;
/// Minimum size of a matrix in bytes: its rows and columns.
const MIN_MATRIX_BYTES: usize = 2 * MIN_INTEGER_BYTES;
/// Minimum size of a tree in bytes: two counts and one leaf.
const MIN_TREE_BYTES: usize = 2 * MIN_INTEGER_BYTES + MIN_MATRIX_BYTES;

/// Maximum number of points of an accepted model.
const MAX_POINTS: usize = 68;

/// Reason why a file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// It does not start like a landmark model.
    #[error("is not a landmark model of dlib (a shape predictor)")]
    NoShapePredictor,
    /// It has a number of points for which facematch knows no names.
    #[error("has {0} points; facematch needs 5 or 68")]
    Points(usize),
    /// It starts like a landmark model, but continues with something that dlib must not get.
    #[error("{0}; get the file again")]
    Damaged(#[from] Damage),
}

/// Receives the numbers of a landmark model while its file is read, in the file's order. The
/// numbers are invalid until [`parse`] succeeds: only then are they all known to be consistent.
///
/// Each method does nothing by default.
pub(crate) trait Sink {
    /// Receives the next number of the mean shape: x and y of each point in turn, as a fraction of
    /// the detection.
    fn shape(&mut self, _number: f32) {}
    /// Starts a cascade; its trees follow.
    fn cascade(&mut self) {}
    /// Starts a tree of the last cascade; its splits follow, then one more leaf than splits.
    fn tree(&mut self, _splits: usize) {}
    /// Receives the next split of the last tree: the two pixels that it compares, and its threshold
    /// in levels of grey.
    fn split(&mut self, _pixels: [usize; 2], _threshold: f32) {}
    /// Receives the next leaf of the last tree, with as many numbers as the mean shape.
    fn leaf(&mut self, _numbers: &[f32]) {}
    /// Starts the pixels of the next cascade, beginning with the first cascade again; their anchors
    /// follow.
    fn pixels(&mut self, _count: usize) {}
    /// Receives the point that the next pixel belongs to.
    fn anchor(&mut self, _point: usize) {}
    /// Receives the position of the next pixel relative to its anchor, x and y, beginning with the
    /// first cascade again.
    fn delta(&mut self, _place: [f32; 2]) {}
}

/// Drops everything.
impl Sink for () {}

/// The mean shape, the start of every search for landmarks.
struct Shape {
    model: LandmarkModel,
    /// Number of its numbers: x and y of each point.
    numbers: usize,
}

/// The checks of a cascade that have to wait until its pixels are known.
struct Cascade {
    /// Largest pixel index that its trees use, and the byte at which it is stored; `None` without
    /// splits.
    highest_pixel: Option<(usize, usize)>,
}

/// Returns the landmark model in `bytes` and passes its numbers to `sink`.
pub(super) fn parse(bytes: &[u8], sink: &mut impl Sink) -> Result<LandmarkModel, Fault> {
    // The version, 1, and the control byte of a negative number: the rows of the mean shape.
    if !matches!(bytes, [1, 1, rows, ..] if rows & 0x80 != 0) {
        return Err(Fault::NoShapePredictor);
    }
    let mut reader = Reader::new(bytes);
    reader.integer(4, "the version")?;
    let shape = read_shape(&mut reader, sink)?;
    let cascades = read_forests(&mut reader, &shape, sink)?;
    let pixels = read_anchors(&mut reader, &cascades, shape.model.point_count(), sink)?;
    read_deltas(&mut reader, &pixels, sink)?;
    reader.finish()?;
    Ok(shape.model)
}

fn read_shape(reader: &mut Reader<'_>, sink: &mut impl Sink) -> Result<Shape, Fault> {
    let at = reader.position();
    let (rows, columns) = reader.matrix_size("the mean shape")?;
    if columns != 1 || rows % 2 != 0 {
        let what = format!(
            "expected the mean shape (x and y in one column), found {rows} x {columns} numbers"
        );
        return Err(Damage::new(at, what).into());
    }
    let model = match rows / 2 {
        5 => LandmarkModel::FivePoint,
        68 => LandmarkModel::SixtyEightPoint,
        points => return Err(Fault::Points(points)),
    };
    for _ in 0..rows {
        sink.shape(reader.finite_float("a point of the mean shape")?);
    }
    Ok(Shape {
        model,
        numbers: rows,
    })
}

fn read_forests(
    reader: &mut Reader<'_>,
    shape: &Shape,
    sink: &mut impl Sink,
) -> Result<Vec<Cascade>, Damage> {
    let at = reader.position();
    let count = reader.count(MIN_INTEGER_BYTES, "the number of cascades")?;
    if count == 0 {
        return Err(Damage::new(at, "the model has no cascades"));
    }
    // Grows as the file is read: a wrong count runs out of bytes before it can allocate memory.
    let mut cascades = Vec::new();
    for _ in 0..count {
        cascades.push(read_cascade(reader, shape, sink)?);
    }
    Ok(cascades)
}

fn read_cascade(
    reader: &mut Reader<'_>,
    shape: &Shape,
    sink: &mut impl Sink,
) -> Result<Cascade, Damage> {
    let at = reader.position();
    let count = reader.count(MIN_TREE_BYTES, "the number of trees")?;
    if count == 0 {
        return Err(Damage::new(at, "a cascade has no trees"));
    }
    sink.cascade();
    let mut highest_pixel = None;
    for _ in 0..count {
        let splits = read_splits(reader, &mut highest_pixel, sink)?;
        read_leaves(reader, splits, shape.numbers, sink)?;
    }
    Ok(Cascade { highest_pixel })
}

/// Reads the splits of a tree; returns their number.
fn read_splits(
    reader: &mut Reader<'_>,
    highest_pixel: &mut Option<(usize, usize)>,
    sink: &mut impl Sink,
) -> Result<usize, Damage> {
    let at = reader.position();
    let count = reader.count(MIN_SPLIT_BYTES, "the number of splits of a tree")?;
    if !count.checked_add(1).is_some_and(usize::is_power_of_two) {
        let what = format!(
            "expected a tree with all its levels (1, 3, 7, 15... splits), found {count} splits"
        );
        return Err(Damage::new(at, what));
    }
    sink.tree(count);
    for _ in 0..count {
        let mut pixels = [0; 2];
        for pixel in &mut pixels {
            let at = reader.position();
            *pixel = reader.index("the pixel of a split")?;
            if highest_pixel.is_none_or(|(highest, _)| *pixel > highest) {
                *highest_pixel = Some((*pixel, at));
            }
        }
        sink.split(pixels, reader.finite_float("the threshold of a split")?);
    }
    Ok(count)
}

/// Reads the leaves of a tree with `splits` splits.
fn read_leaves(
    reader: &mut Reader<'_>,
    splits: usize,
    numbers: usize,
    sink: &mut impl Sink,
) -> Result<(), Damage> {
    let at = reader.position();
    let count = reader.count(MIN_MATRIX_BYTES, "the number of leaves of a tree")?;
    if count.checked_sub(1) != Some(splits) {
        let what =
            format!("a tree of {splits} splits has {count} leaves, not one more than splits");
        return Err(Damage::new(at, what));
    }
    let mut leaf = [0.0; 2 * MAX_POINTS];
    let leaf = leaf.get_mut(..numbers).unwrap_or_default();
    for _ in 0..count {
        let at = reader.position();
        let size = reader.matrix_size("a leaf")?;
        if size != (leaf.len(), 1) {
            let (rows, columns) = size;
            let what =
                format!("expected a leaf of {numbers} x 1 numbers, found {rows} x {columns}");
            return Err(Damage::new(at, what));
        }
        reader.finite_floats(leaf, "a number of a leaf")?;
        sink.leaf(leaf);
    }
    Ok(())
}

/// Reads the point that each pixel of each cascade belongs to; returns the number of pixels of each
/// cascade.
fn read_anchors(
    reader: &mut Reader<'_>,
    cascades: &[Cascade],
    points: usize,
    sink: &mut impl Sink,
) -> Result<Vec<usize>, Damage> {
    expect_one_list_each(reader, cascades.len(), "lists of anchors")?;
    let mut pixels = Vec::with_capacity(cascades.len());
    for cascade in cascades {
        let count = reader.count(MIN_INTEGER_BYTES, "the number of anchors")?;
        if let Some((pixel, at)) = cascade.highest_pixel.filter(|&(pixel, _)| pixel >= count) {
            let what = format!("a split uses pixel {pixel} of a cascade with {count} pixels");
            return Err(Damage::new(at, what));
        }
        sink.pixels(count);
        for _ in 0..count {
            let at = reader.position();
            let anchor = reader.index("an anchor")?;
            if anchor >= points {
                let what = format!("an anchor is point {anchor} of a model with {points} points");
                return Err(Damage::new(at, what));
            }
            sink.anchor(anchor);
        }
        pixels.push(count);
    }
    Ok(pixels)
}

/// Reads the position of each pixel of each cascade relative to its anchor.
fn read_deltas(
    reader: &mut Reader<'_>,
    pixels: &[usize],
    sink: &mut impl Sink,
) -> Result<(), Damage> {
    expect_one_list_each(reader, pixels.len(), "lists of pixels")?;
    for &expected in pixels {
        let at = reader.position();
        let count = reader.count(2 * MIN_FLOAT_BYTES, "the number of pixels")?;
        if count != expected {
            let what = format!("a cascade has {count} pixels for {expected} anchors");
            return Err(Damage::new(at, what));
        }
        for _ in 0..count {
            let x = reader.finite_float("the place of a pixel")?;
            let y = reader.finite_float("the place of a pixel")?;
            sink.delta([x, y]);
        }
    }
    Ok(())
}

fn expect_one_list_each(
    reader: &mut Reader<'_>,
    cascades: usize,
    name: &str,
) -> Result<(), Damage> {
    let at = reader.position();
    let count = reader.count(MIN_INTEGER_BYTES, name)?;
    if count == cascades {
        return Ok(());
    }
    let what = format!("expected {cascades} {name}, one for each cascade, found {count}");
    Err(Damage::new(at, what))
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
