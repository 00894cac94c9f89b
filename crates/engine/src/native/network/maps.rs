//! The numbers between two layers.

use std::ops::Range;

use facematch_kernels::AlignedNumbers;
use facematch_kernels::convolution::{BLOCK, Places, Windows};

/// The size of the maps of one image and of the zeros around them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Height of a map.
    pub(crate) rows: usize,
    /// Width of a map.
    pub(crate) columns: usize,
    /// Number of maps.
    pub(crate) channels: usize,
    /// Number of zeros above and on the left.
    pub(crate) border: usize,
    /// Number of zeros below and on the right.
    pub(crate) border_after: usize,
}

impl Shape {
    /// Returns the shape of maps with zeros around them, as many as a window of `2 * border + 1`
    /// reaches if the outputs are computed in tiles of up to 4x4.
    pub(crate) fn bordered(rows: usize, columns: usize, channels: usize, border: usize) -> Self {
        Self {
            rows,
            columns,
            channels: channels.next_multiple_of(BLOCK),
            border,
            border_after: border + 3,
        }
    }

    /// Returns the shape of maps without zeros around them.
    pub(crate) fn bare(rows: usize, columns: usize, channels: usize) -> Self {
        Self {
            rows,
            columns,
            channels,
            border: 0,
            border_after: 0,
        }
    }

    /// Returns the shape of maps with one line of zeros around them, enough for a window of 3x3.
    /// `channels` is not rounded up.
    pub(crate) fn narrow(rows: usize, columns: usize, channels: usize) -> Self {
        Self {
            rows,
            columns,
            channels,
            border: 1,
            border_after: 1,
        }
    }

    /// Returns the step from a pixel to the one below it.
    pub(super) fn row_step(&self) -> usize {
        (self.border + self.columns + self.border_after) * self.channels
    }

    /// Returns the step from a pixel to the same one of the next image.
    pub(super) fn image_step(&self) -> usize {
        (self.border + self.rows + self.border_after) * self.row_step()
    }

    /// Returns the positions of `size` (rows, columns) windows of maps of this shape. A window is
    /// `rows` runs of `run` numbers, and moves by `stride` pixels along both axes.
    pub(super) fn windows(
        &self,
        images: usize,
        size: [usize; 2],
        stride: usize,
        [rows, run]: [usize; 2],
    ) -> Windows {
        Windows {
            images,
            rows: size[0],
            columns: size[1],
            image_step: self.image_step(),
            row_step: stride * self.row_step(),
            column_step: stride * self.channels,
            window_rows: rows,
            window_row_step: self.row_step(),
            window_run: run,
        }
    }

    /// Returns the places of the pixels of maps of this shape, starting at the first one.
    pub(super) fn places(&self) -> Places {
        Places {
            image_step: self.image_step(),
            row_step: self.row_step(),
            column_step: self.channels,
        }
    }

    /// Returns the index of the first pixel within the border.
    pub(super) fn origin(&self) -> usize {
        self.pixel(0, 0)
    }

    /// Returns the index of the pixel that is `padding` rows above the first one and as many
    /// columns before it; the border must be that wide.
    pub(super) fn pixel_before(&self, padding: usize) -> usize {
        (self.border - padding) * (self.row_step() + self.channels)
    }

    /// Returns the index of a pixel within the border.
    pub(super) fn pixel(&self, row: usize, column: usize) -> usize {
        (self.border + row) * self.row_step() + (self.border + column) * self.channels
    }
}

/// The maps of several images, one image after the other; within an image row by row, and for each
/// pixel one number of each map.
#[derive(Debug)]
pub(crate) struct Maps {
    shape: Shape,
    numbers: AlignedNumbers,
}

/// A read-only view of maps, or of some of their rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MapsView<'a> {
    shape: Shape,
    numbers: &'a [f32],
}

impl<'a> MapsView<'a> {
    /// Returns the height and width of a map.
    pub(crate) fn size(self) -> [usize; 2] {
        [self.shape.rows, self.shape.columns]
    }

    pub(super) fn shape(self) -> Shape {
        self.shape
    }

    /// Returns a view of some rows. The numbers above and below them are those of the maps.
    pub(crate) fn rows(self, rows: Range<usize>) -> Self {
        assert!(rows.end <= self.shape.rows, "no such rows");
        MapsView {
            shape: Shape {
                rows: rows.len(),
                ..self.shape
            },
            numbers: &self.numbers[rows.start * self.shape.row_step()..],
        }
    }

    /// Returns all numbers, including borders.
    pub(super) fn numbers(self) -> &'a [f32] {
        self.numbers
    }
}

impl Maps {
    /// Creates maps of zeros for `images` images.
    pub(crate) fn new(shape: Shape, images: usize) -> Self {
        Self {
            shape,
            numbers: AlignedNumbers::zeros(shape.image_step() * images),
        }
    }

    /// Makes room for at least `images` images.
    pub(crate) fn reserve(&mut self, images: usize) {
        let length = self.shape.image_step() * images;
        if self.numbers.len() < length {
            self.numbers.resize(length);
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// Turns these into the maps of one image, without a border; their contents have no meaning.
    pub(crate) fn set_bare_size(&mut self, rows: usize, columns: usize, channels: usize) {
        self.shape = Shape::bare(rows, columns, channels);
        self.numbers.resize(self.shape.image_step());
    }

    /// Changes the height of the maps of one image to `rows`, for which there must be room. The
    /// last `kept` rows become the first; the others have no meaning until they are written. The
    /// zeros around them stay zeros.
    pub(crate) fn set_rows(&mut self, rows: usize, kept: usize) {
        let step = self.shape.row_step();
        let first = self.shape.border * step;
        let end = first + self.shape.rows * step;
        self.numbers.copy_within(end - kept * step..end, first);
        self.shape.rows = rows;
        let after = self.shape.border_after * self.shape.row_step();
        let end = self.shape.image_step();
        self.numbers[end - after..end].fill(0.0);
    }

    /// Returns the number of bytes that they take.
    pub(crate) fn capacity(&self) -> usize {
        size_of_val(&*self.numbers)
    }

    /// Returns a view of all rows of all images.
    pub(crate) fn all(&self) -> MapsView<'_> {
        MapsView {
            shape: self.shape,
            numbers: &self.numbers,
        }
    }

    /// Returns a view of some rows of the first image. The numbers above and below them are those
    /// of the maps, not zeros.
    pub(crate) fn rows(&self, rows: Range<usize>) -> MapsView<'_> {
        self.all().rows(rows)
    }

    /// Returns all numbers, including borders, which must stay zero.
    pub(crate) fn numbers_mut(&mut self) -> &mut [f32] {
        &mut self.numbers
    }

    /// Returns the numbers of a row of an image, without the border.
    pub(crate) fn row(&self, image: usize, row: usize) -> &[f32] {
        &self.numbers[self.start(image, row)..][..self.shape.columns * self.shape.channels]
    }

    /// Returns the numbers of a row of an image, without the border, for writing.
    pub(crate) fn row_mut(&mut self, image: usize, row: usize) -> &mut [f32] {
        let start = self.start(image, row);
        &mut self.numbers[start..][..self.shape.columns * self.shape.channels]
    }

    fn start(&self, image: usize, row: usize) -> usize {
        assert!(row < self.shape.rows, "no such row");
        self.shape.origin() + image * self.shape.image_step() + row * self.shape.row_step()
    }
}
