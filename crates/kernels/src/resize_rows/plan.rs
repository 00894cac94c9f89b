//! Which pixels of the source make a pixel of the result, and in which shares: the same for every row, so computed
//! once an image.

/// How many columns a [`Group`] has.
pub(super) const GROUP: usize = 8;
/// How many columns dlib computes at a time.
const STEP: usize = 4;
/// How many source bytes a group can reach.
pub(super) const REACH: usize = 16;

/// A column that dlib computes in `f32`. Its right neighbour in the source is `left + 1`.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyColumn {
    pub(super) left: usize,
    /// The share of the right neighbour.
    pub(super) fraction: f32,
    /// The share of the left one, 1 less the other.
    pub(super) rest: f32,
}

/// A column that dlib computes in `f64`.
#[derive(Debug, Clone, Copy)]
pub(super) struct TailColumn {
    pub(super) left: usize,
    pub(super) right: usize,
    pub(super) fraction: f64,
}

/// One of 16 bytes, in the form in which a shuffle makes a number of 32 bits of it: the other three bytes are none of
/// the 16, so that they become 0.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct Place(u32);

impl Place {
    /// Byte `index`, below 16.
    fn new(index: usize) -> Self {
        Self(0x8080_8000 | (index % REACH) as u32)
    }
}

/// Eight columns of the body, whose source pixels lie within 16 bytes.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// The first column.
    pub(super) first: usize,
    /// The first source pixel.
    pub(super) base: usize,
    /// Where the left neighbours are, counted from `base`.
    pub(super) lefts: [Place; GROUP],
    /// Where the right neighbours are.
    pub(super) rights: [Place; GROUP],
    pub(super) fractions: [f32; GROUP],
    pub(super) rests: [f32; GROUP],
}

/// The plan of the columns. Every source pixel that it names lies in the source row.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    source_width: usize,
    body: Vec<BodyColumn>,
    tail: Vec<TailColumn>,
    groups: Vec<Group>,
}

impl Columns {
    /// The plan for rows of `source_width` pixels that become `width` pixels wide.
    pub fn new(source_width: usize, width: usize) -> Self {
        let mut columns = Self {
            source_width,
            ..Self::default()
        };
        if source_width > 0 && width > 0 {
            let scale = scale(source_width, width);
            columns.body = body(source_width, width, scale);
            columns.tail = tail(source_width, columns.body.len()..width, scale);
            columns.groups = Group::all(&columns.body);
        }
        columns
    }

    /// How many pixels a row of the source has.
    pub fn source_width(&self) -> usize {
        self.source_width
    }

    /// How many pixels a row of the result has.
    pub fn width(&self) -> usize {
        self.body.len() + self.tail.len()
    }

    pub(super) fn body(&self) -> &[BodyColumn] {
        &self.body
    }

    pub(super) fn tail(&self) -> &[TailColumn] {
        &self.tail
    }

    /// The first columns of the body, eight at a time. The last group may begin before the end of the one before it.
    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// How many columns the groups have in all.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    pub(super) fn grouped(&self) -> usize {
        self.groups.last().map_or(0, |group| group.first + GROUP)
    }
}

impl Group {
    /// As many of the first columns of `body` as groups can be made of.
    fn all(body: &[BodyColumn]) -> Vec<Self> {
        let rest = (!body.len().is_multiple_of(GROUP)).then(|| body.len().checked_sub(GROUP));
        let firsts = (0..body.len() / GROUP).map(|group| group * GROUP);
        firsts
            .chain(rest.flatten())
            .map_while(|first| Self::new(body, first))
            .collect()
    }

    /// The columns from `first` on. `None` when they lie too far apart, as when an image becomes less than half as large.
    fn new(body: &[BodyColumn], first: usize) -> Option<Self> {
        let columns = body.get(first..first + GROUP)?;
        // Past 2^24 the positions are rounded so far that they need not ascend.
        let lefts = || columns.iter().map(|column| column.left);
        let base = lefts().min()?;
        let last = lefts().max()? + 1 - base;
        (last < REACH).then(|| Self {
            first,
            base,
            lefts: std::array::from_fn(|i| Place::new(columns[i].left - base)),
            rights: std::array::from_fn(|i| Place::new(columns[i].left + 1 - base)),
            fractions: std::array::from_fn(|i| columns[i].fraction),
            rests: std::array::from_fn(|i| columns[i].rest),
        })
    }
}

/// Source pixels per pixel of the result.
fn scale(source: usize, result: usize) -> f64 {
    (source - 1) as f64 / (result - 1).max(1) as f64
}

/// The columns that dlib computes four at a time: as long as all four have a right neighbour.
fn body(source_width: usize, width: usize, scale: f64) -> Vec<BodyColumn> {
    // dlib adds up the position in `f32`, from four columns before the first on.
    let mut places: [f32; STEP] =
        std::array::from_fn(|i| (i as f64 * scale - STEP as f64 * scale) as f32);
    let step = (STEP as f64 * scale) as f32;
    let mut columns = Vec::with_capacity(width);
    while columns.len() + STEP <= width {
        places = places.map(|place| place + step);
        // A last digit below zero would be cut off to zero.
        let lefts = places.map(|place| place as usize);
        if lefts.iter().any(|left| *left >= source_width - 1) {
            break;
        }
        columns.extend(places.iter().zip(lefts).map(|(place, left)| {
            let fraction = place - left as f32;
            BodyColumn {
                left,
                fraction,
                rest: 1.0 - fraction,
            }
        }));
    }
    columns
}

fn tail(source_width: usize, columns: std::ops::Range<usize>, scale: f64) -> Vec<TailColumn> {
    let mut place = columns.start as f64 * scale - scale;
    columns
        .map(|_| {
            place += scale;
            let left = (place.max(0.0) as usize).min(source_width - 1);
            TailColumn {
                left,
                right: (left + 1).min(source_width - 1),
                fraction: place - left as f64,
            }
        })
        .collect()
}

/// The two rows of the source that make a row of the result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowPair {
    /// The upper row.
    pub top: usize,
    /// The lower row.
    pub bottom: usize,
    /// The share of the lower row.
    pub(super) fraction: f64,
}

impl RowPair {
    /// The pair of each row, when an image of `source_height` rows becomes `height` rows high.
    pub fn all(source_height: usize, height: usize) -> impl Iterator<Item = Self> {
        let height = if source_height == 0 { 0 } else { height };
        let last = source_height.saturating_sub(1);
        let scale = if height == 0 {
            0.0
        } else {
            scale(source_height, height)
        };
        let mut place = -scale;
        (0..height).map(move |_| {
            place += scale;
            let top = (place.max(0.0) as usize).min(last);
            Self {
                top,
                bottom: (top + 1).min(last),
                fraction: place - top as f64,
            }
        })
    }
}
