//! Checks a landmark model of dlib (a `shape_predictor`) before anything works with it, and hands out its numbers. In
//! comes the whole file as bytes, out come which landmark model it is and, through a [`Sink`], the numbers; or a
//! [`Fault`]. The check alone needs no memory: its sink, `()`, drops what it is given.
//!
//! dlib trusts such files: it allocates what a count says, and it uses the indices in the file without a bounds check.
//! An accepted file keeps what dlib's code relies on (dlib/image_processing/shape_predictor.h):
//!
//! - A tree of `n` splits is walked from `i = 0` to `2i + 1` or `2i + 2` while `i < n`, and `leaf_values[i - n]` is the
//!   result. So `n + 1` leaves are needed, and `n + 1` must be a power of two.
//! - Each split compares two of the pixels that the anchors and deltas of its cascade define, by index.
//! - Each leaf is added to the shape and has its size; each anchor is the index of a point of the shape.
//!
//! Absurd but finite numbers pass: dlib survives them, even where their sums become infinite, and the landmarks that
//! come out are judged when a face chip is cut.

use super::reader::{Damage, MIN_FLOAT_BYTES, MIN_INTEGER_BYTES, Reader};
use crate::LandmarkModel;

/// The fewest bytes of a split: two indices and a threshold.
const MIN_SPLIT_BYTES: usize = 2 * MIN_INTEGER_BYTES + MIN_FLOAT_BYTES;
/// The fewest bytes of a matrix: its rows and columns.
const MIN_MATRIX_BYTES: usize = 2 * MIN_INTEGER_BYTES;
/// The fewest bytes of a tree: two counts and one leaf.
const MIN_TREE_BYTES: usize = 2 * MIN_INTEGER_BYTES + MIN_MATRIX_BYTES;

/// The most points that an accepted model has.
const MAX_POINTS: usize = 68;

/// Why a file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// It does not begin as a landmark model does.
    #[error("is no landmark model of dlib (a shape predictor)")]
    NoShapePredictor,
    /// It has another number of points than facematch knows names for.
    #[error("has {0} points; facematch needs 5 or 68")]
    Points(usize),
    /// It begins like a landmark model, but goes on with something that dlib must not be given.
    #[error("{0}; get the file again")]
    Damaged(#[from] Damage),
}

/// Takes the numbers of a landmark model while its file is read, in the file's order. What it has taken is worth
/// nothing until [`parse`] succeeds: only then all of it is known to fit together.
///
/// Each method does nothing unless a sink wants to know.
pub(crate) trait Sink {
    /// The next number of the mean shape: x and y of each point in turn, in parts of the detection.
    fn shape(&mut self, _number: f32) {}
    /// A cascade begins; its trees follow.
    fn cascade(&mut self) {}
    /// A tree of the last cascade begins; its splits follow, then one leaf more than splits.
    fn tree(&mut self, _splits: usize) {}
    /// The next split of the last tree: the two pixels that it compares, and its threshold in levels of grey.
    fn split(&mut self, _pixels: [usize; 2], _threshold: f32) {}
    /// The next leaf of the last tree: as many numbers as the mean shape has.
    fn leaf(&mut self, _numbers: &[f32]) {}
    /// The pixels of the next cascade begin, counted from the first one again; their anchors follow.
    fn pixels(&mut self, _count: usize) {}
    /// The point that the next pixel belongs to.
    fn anchor(&mut self, _point: usize) {}
    /// Where the next pixel lies as seen from its anchor, x and y, counted from the first cascade again.
    fn delta(&mut self, _place: [f32; 2]) {}
}

/// Keeps nothing.
impl Sink for () {}

/// The mean shape, where every search for landmarks begins.
struct Shape {
    model: LandmarkModel,
    /// How many numbers it has: x and y of each point.
    numbers: usize,
}

/// What is left to check of a cascade when its pixels are known.
struct Cascade {
    /// The largest pixel index that its trees use, and the byte where it stands; none without splits.
    highest_pixel: Option<(usize, usize)>,
}

/// Which landmark model `bytes` hold; its numbers go into `sink`.
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
    // Grows with what has been read: a wrong count runs out of bytes before it can claim memory.
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

/// Reads the splits of a tree; returns how many there are.
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

/// Reads to which point each pixel of each cascade belongs; returns how many pixels each cascade has.
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

/// Reads where each pixel of each cascade lies relative to its anchor.
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
