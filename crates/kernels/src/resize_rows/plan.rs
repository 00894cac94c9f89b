//! The source pixels of each pixel of the result, and their shares. They are the same for every
//! row, so they are computed once per image.

/// Number of columns in a [`Group`].
pub(super) const GROUP: usize = 8;
/// Number of columns that dlib computes at a time.
const STEP: usize = 4;
/// Number of source bytes that a group can reach.
pub(super) const REACH: usize = 16;

/// A column that dlib computes in `f32`. Its right neighbour in the source is `left + 1`.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyColumn {
    pub(super) left: usize,
    /// Share of the right neighbour.
    pub(super) fraction: f32,
    /// Share of the left neighbour: 1 minus `fraction`.
    pub(super) rest: f32,
}

/// A column that dlib computes in `f64`.
#[derive(Debug, Clone, Copy)]
pub(super) struct TailColumn {
    pub(super) left: usize,
    pub(super) right: usize,
    pub(super) fraction: f64,
}

/// The index of one of 16 bytes, in the form in which a shuffle turns it into a 32-bit number: the
/// other three bytes are out of range, so they become 0.
#[derive(Debug, Clone, Copy)]
#[repr(transparent)]
pub struct Place(u32);

impl Place {
    /// Returns the place of byte `index`, below 16.
    fn new(index: usize) -> Self {
        Self(0x8080_8000 | (index % REACH) as u32)
    }
}

/// Eight columns of the body whose source pixels lie within 16 bytes.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// First column.
    pub(super) first: usize,
    /// First source pixel.
    pub(super) base: usize,
    /// Left neighbours, counted from `base`.
    pub(super) lefts: [Place; GROUP],
    /// Right neighbours, counted from `base`.
    pub(super) rights: [Place; GROUP],
    pub(super) fractions: [f32; GROUP],
    pub(super) rests: [f32; GROUP],
}

/// The plan of the columns. Every source pixel in it lies in the source row.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    source_width: usize,
    body: Vec<BodyColumn>,
    tail: Vec<TailColumn>,
    groups: Vec<Group>,
}

impl Columns {
    /// Creates the plan for rows of `source_width` pixels that are resized to `width` pixels.
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

    /// Returns the number of pixels in a row of the source.
    pub fn source_width(&self) -> usize {
        self.source_width
    }

    /// Returns the number of pixels in a row of the result.
    pub fn width(&self) -> usize {
        self.body.len() + self.tail.len()
    }

    pub(super) fn body(&self) -> &[BodyColumn] {
        &self.body
    }

    pub(super) fn tail(&self) -> &[TailColumn] {
        &self.tail
    }

    /// Returns the first columns of the body, eight at a time. The last group may overlap the one
    /// before it.
    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Returns the total number of columns in the groups.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    pub(super) fn grouped(&self) -> usize {
        self.groups.last().map_or(0, |group| group.first + GROUP)
    }
}

impl Group {
    /// Groups as many of the first columns of `body` as possible.
    fn all(body: &[BodyColumn]) -> Vec<Self> {
        let rest = (!body.len().is_multiple_of(GROUP)).then(|| body.len().checked_sub(GROUP));
        let firsts = (0..body.len() / GROUP).map(|group| group * GROUP);
        firsts
            .chain(rest.flatten())
            .map_while(|first| Self::new(body, first))
            .collect()
    }

    /// Groups the columns from `first` on, or returns `None` if they are too far apart, as when an
    /// image shrinks to less than half its size.
    fn new(body: &[BodyColumn], first: usize) -> Option<Self> {
        let columns = body.get(first..first + GROUP)?;
        // Past 2^24, positions are rounded so much that they need not ascend.
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

/// Returns the number of source pixels per pixel of the result.
fn scale(source: usize, result: usize) -> f64 {
    (source - 1) as f64 / (result - 1).max(1) as f64
}

/// Returns the columns that dlib computes four at a time: as long as all four have a right
/// neighbour.
fn body(source_width: usize, width: usize, scale: f64) -> Vec<BodyColumn> {
    // dlib accumulates the position in `f32`, starting four columns before the first.
    let mut places: [f32; STEP] =
        std::array::from_fn(|i| (i as f64 * scale - STEP as f64 * scale) as f32);
    let step = (STEP as f64 * scale) as f32;
    let mut columns = Vec::with_capacity(width);
    while columns.len() + STEP <= width {
        places = places.map(|place| place + step);
        // Truncation turns a position slightly below zero into zero.
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

/// The two rows of the source for one row of the result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowPair {
    /// Upper row.
    pub top: usize,
    /// Lower row.
    pub bottom: usize,
    /// Share of the lower row.
    pub(super) fraction: f64,
}

impl RowPair {
    /// Returns the pair of each row for an image of `source_height` rows that is resized to
    /// `height` rows.
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
