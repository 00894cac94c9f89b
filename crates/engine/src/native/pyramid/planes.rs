//! An image as three separate channels. Input: an RGB image. Output: rows of bytes, one channel at
//! a time.

use image::RgbImage;

use facematch_kernels::resize_rows::SLACK;

/// The red, green and blue channels of an image. Each row has [`SLACK`] bytes after its pixels,
/// whose values have no meaning. Takes 3 bytes for each pixel and 48 for each row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Planes {
    width: usize,
    height: usize,
    /// Bytes channel by channel, row by row, followed by leftovers of larger images.
    bytes: Vec<u8>,
}

impl Planes {
    /// Returns the number of columns.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Returns the number of rows.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// Returns the number of bytes allocated.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Returns row `y` of each channel, with the slack after it.
    pub(crate) fn rows(&self, y: usize) -> [&[u8]; 3] {
        let stride = self.stride();
        std::array::from_fn(|channel| {
            let start = (channel * self.height + y) * stride;
            &self.bytes[start..start + stride]
        })
    }

    /// Returns row `y` of each channel, for writing.
    pub(super) fn rows_mut(&mut self, y: usize) -> [&mut [u8]; 3] {
        let (height, stride) = (self.height, self.stride());
        let (red, rest) = self.bytes.split_at_mut(height * stride);
        let (green, blue) = rest.split_at_mut(height * stride);
        [red, green, blue].map(|channel| &mut channel[y * stride..(y + 1) * stride])
    }

    /// Sets the size to `size` (width, height) pixels. The pixels have no meaning until they are
    /// written.
    pub(super) fn set_size(&mut self, (width, height): (usize, usize)) {
        (self.width, self.height) = (width, height);
        // Existing bytes are kept for larger images later.
        let bytes = self.bytes.len().max(3 * height * self.stride());
        self.bytes.resize(bytes, 0);
    }

    /// Takes the pixels of `image`.
    pub(crate) fn set_image(&mut self, image: &RgbImage) {
        let (width, height) = (image.width() as usize, image.height() as usize);
        self.set_size((width, height));
        if width == 0 {
            return;
        }
        for (y, row) in image.as_raw().chunks_exact(3 * width).enumerate() {
            let [red, green, blue] = self.rows_mut(y).map(|row| &mut row[..width]);
            let (pixels, _) = row.as_chunks::<3>();
            for (((pixel, red), green), blue) in pixels.iter().zip(red).zip(green).zip(blue) {
                [*red, *green, *blue] = *pixel;
            }
        }
    }

    fn stride(&self) -> usize {
        self.width + SLACK
    }
}
