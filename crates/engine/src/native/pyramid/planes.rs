//! An image as three separate channels. In comes an RGB image; out come rows of bytes, one channel at a time.

use image::RgbImage;

use facematch_kernels::resize_rows::SLACK;

/// The red, green and blue channel of an image. Each row has [`SLACK`] bytes behind its pixels, whose values mean
/// nothing. Takes 3 bytes for each pixel and 48 for each row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Planes {
    width: usize,
    height: usize,
    /// Channel by channel, row by row; then what is left of larger images.
    bytes: Vec<u8>,
}

impl Planes {
    /// The number of columns.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The number of rows.
    pub(crate) fn height(&self) -> usize {
        self.height
    }

    /// How many bytes it holds in memory.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Row `y` of each channel, with the slack behind it.
    pub(crate) fn rows(&self, y: usize) -> [&[u8]; 3] {
        let stride = self.stride();
        std::array::from_fn(|channel| {
            let start = (channel * self.height + y) * stride;
            &self.bytes[start..start + stride]
        })
    }

    /// Row `y` of each channel, to be written.
    pub(super) fn rows_mut(&mut self, y: usize) -> [&mut [u8]; 3] {
        let (height, stride) = (self.height, self.stride());
        let (red, rest) = self.bytes.split_at_mut(height * stride);
        let (green, blue) = rest.split_at_mut(height * stride);
        [red, green, blue].map(|channel| &mut channel[y * stride..(y + 1) * stride])
    }

    /// Makes it `size` (width, height) pixels large. The pixels mean nothing until they are written.
    pub(super) fn set_size(&mut self, (width, height): (usize, usize)) {
        (self.width, self.height) = (width, height);
        // Bytes that are there stay for larger images to come.
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
