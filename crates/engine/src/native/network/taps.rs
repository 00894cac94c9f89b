//! A convolution of small maps, one place of the window after the other: the image is shifted by
//! the place, and each of its pixels multiplied with the weights of the place. Multiplications with
//! the zeros outside the map are skipped: with a window of 3x3 on maps of 4x4, a third of the work.
//! Each weight is read once, and there are no more of them than the convolution has; on small maps,
//! reading the weights takes most of the time.

use super::maps::{Maps, MapsView};
use crate::models::network::Convolution;
use facematch_kernels::convolution::{BLOCK, PackedFilters, convolve};
use facematch_kernels::{Finish, SimdLevel};

/// The places of a window that meet a map of one size.
#[derive(Debug)]
pub(super) struct Taps {
    /// Size of the input and output maps.
    size: [usize; 2],
    /// Places of the window. The centre, which meets all pixels, comes first and has the biases.
    taps: Vec<Tap>,
    /// One slope for each channel of the output.
    slopes: Vec<f32>,
}

#[derive(Debug)]
struct Tap {
    /// Source of the numbers and destination of the results, for rows and columns.
    overlaps: [Overlap; 2],
    filters: PackedFilters,
}

/// The overlap of a shifted line of pixels with the line itself.
#[derive(Debug, Clone, Copy)]
struct Overlap {
    /// First pixel that is read.
    from: usize,
    /// First pixel that is written.
    to: usize,
    length: usize,
}

impl Taps {
    /// Prepares `convolution`, whose window moves by 1 and is padded by its radius, for maps of
    /// `size` that hold `stored` channels.
    pub(super) fn new(convolution: &Convolution, stored: usize, size: [usize; 2]) -> Self {
        let window = [convolution.rows, convolution.columns];
        assert_eq!(convolution.stride, 1);
        assert_eq!(window, [2 * convolution.padding + 1; 2]);
        let area = window[0] * window[1];
        let filters =
            PackedFilters::of_transformed(convolution.filters(), stored, area, |window, places| {
                places.copy_from_slice(window);
            });
        let mut filters: Vec<_> = filters.into_iter().enumerate().collect();
        filters[..=area / 2].rotate_right(1);
        let tap = |(place, filters): (usize, PackedFilters)| {
            let at = [place / window[1], place % window[1]];
            let [Some(rows), Some(columns)] =
                [0, 1].map(|axis| Overlap::of(at[axis], convolution.padding, size[axis]))
            else {
                return None;
            };
            let filters = if place == area / 2 {
                filters.with_bias(&convolution.bias)
            } else {
                filters
            };
            Some(Tap {
                overlaps: [rows, columns],
                filters,
            })
        };
        let mut slopes = convolution.slopes.clone();
        slopes.resize(convolution.filters.next_multiple_of(BLOCK), 0.0);
        Self {
            size,
            taps: filters.into_iter().filter_map(tap).collect(),
            slopes,
        }
    }

    /// Returns the number of channels of the output maps.
    pub(super) fn channels(&self) -> usize {
        self.taps.first().map_or(0, |tap| tap.filters.channels())
    }

    /// Computes the first `images` images of `output`, whose size must be at least that of the
    /// maps.
    pub(super) fn apply(
        &self,
        level: SimdLevel,
        images: usize,
        input: MapsView<'_>,
        output: &mut Maps,
        finish: Finish,
    ) {
        let (from, to) = (input.shape(), output.shape());
        assert_eq!([from.rows, from.columns], self.size);
        let first = match finish {
            Finish::Store | Finish::StoreRelu | Finish::StorePrelu => Finish::Store,
            Finish::Add | Finish::AddRelu => Finish::Add,
        };
        for (index, tap) in self.taps.iter().enumerate() {
            let [rows, columns] = tap.overlaps;
            let size = [rows.length, columns.length];
            let windows = from.windows(images, size, 1, [1, from.channels]);
            let places = to.places();
            let input = &input.numbers()[from.pixel(rows.from, columns.from)..];
            let output = &mut output.numbers_mut()[to.pixel(rows.to, columns.to)..];
            let finish = if index == 0 { first } else { Finish::Add };
            convolve(
                level,
                input,
                &windows,
                &tap.filters,
                output,
                &places,
                finish,
            );
        }
        match finish {
            Finish::Store | Finish::Add => {}
            Finish::StoreRelu | Finish::AddRelu => {
                self.activate(images, output, |number, _| number.max(0.0));
            }
            Finish::StorePrelu => self.activate(images, output, |number, slope| {
                slope * number.min(0.0) + number.max(0.0)
            }),
        }
    }

    /// Replaces computed numbers with what `activation` makes of them and their slopes.
    fn activate(&self, images: usize, output: &mut Maps, activation: impl Fn(f32, f32) -> f32) {
        let [rows, columns] = self.size;
        let channels = output.shape().channels;
        for image in 0..images {
            for row in 0..rows {
                let row = &mut output.row_mut(image, row)[..columns * channels];
                for pixel in row.chunks_exact_mut(channels) {
                    for (number, slope) in pixel.iter_mut().zip(&self.slopes) {
                        *number = activation(*number, *slope);
                    }
                }
            }
        }
    }
}

impl Overlap {
    /// Returns the overlap of a line of `length` pixels with itself, shifted by the distance
    /// between the place `at` of a window and its centre, `radius`, or `None` if there is none.
    fn of(at: usize, radius: usize, length: usize) -> Option<Self> {
        let (from, to) = (at.saturating_sub(radius), radius.saturating_sub(at));
        let length = length.checked_sub(from + to).filter(|length| *length > 0)?;
        Some(Self { from, to, length })
    }
}
