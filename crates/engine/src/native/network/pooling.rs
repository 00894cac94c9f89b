//! Pooling: each number is replaced by one computed from a window of its map.

use super::maps::Maps;

/// Writes the maximum of each 3x3 window of the first image of `input`, moving by 2, to image
/// `image` of `output`: dlib's `max_pool<3,3,2,2>` without padding.
pub(crate) fn max_3x3_by_2(input: &Maps, output: &mut Maps, image: usize) {
    let channels = input.shape().channels;
    for row in 0..output.shape().rows {
        let rows = [0, 1, 2].map(|below| input.row(0, 2 * row + below));
        let pixels = output.row_mut(image, row).chunks_exact_mut(channels);
        for (column, pixel) in pixels.enumerate() {
            pixel.fill(f32::NEG_INFINITY);
            for row in rows {
                let window = &row[2 * column * channels..][..3 * channels];
                for numbers in window.chunks_exact(channels) {
                    for (most, number) in pixel.iter_mut().zip(numbers) {
                        *most = most.max(*number);
                    }
                }
            }
        }
    }
}

/// Writes the average of each 2x2 window of an image of `input`, moving by 2, to the same image of
/// `output`: dlib's `avg_pool<2,2,2,2>` without padding. If the output is larger, or has more
/// channels, the rest is filled with zeros.
pub(crate) fn average_2x2_by_2(input: &Maps, output: &mut Maps, image: usize) {
    let (from, to) = (input.shape(), output.shape());
    for row in 0..to.rows {
        let pixels = output.row_mut(image, row);
        pixels.fill(0.0);
        if 2 * row + 1 >= from.rows {
            continue;
        }
        let rows = [0, 1].map(|below| input.row(image, 2 * row + below));
        for (column, pixel) in pixels
            .chunks_exact_mut(to.channels)
            .take(from.columns / 2)
            .enumerate()
        {
            let [[left, right], [left_below, right_below]] = rows.map(|row| {
                let pair = &row[2 * column * from.channels..][..2 * from.channels];
                let (left, right) = pair.split_at(from.channels);
                [left, right]
            });
            let upper = left.iter().zip(right);
            let lower = left_below.iter().zip(right_below);
            for (average, ((a, b), (c, d))) in pixel.iter_mut().zip(upper.zip(lower)) {
                *average = (a + b + c + d) / 4.0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native::network::Shape;

    fn counting(rows: usize, columns: usize, channels: usize) -> Maps {
        let mut maps = Maps::new(Shape::bare(rows, columns, channels), 1);
        for (index, number) in maps.numbers_mut().iter_mut().enumerate() {
            *number = index as f32;
        }
        maps
    }

    #[test]
    fn the_maximum_is_that_of_the_window() {
        let mut input = counting(5, 7, 2);
        input.numbers_mut().reverse();
        let mut output = Maps::new(Shape::bare(2, 3, 2), 1);
        max_3x3_by_2(&input, &mut output, 0);
        // Numbers count down from 69, 14 in each row, 2 in each pixel.
        assert_eq!(output.row(0, 0), [69.0, 68.0, 65.0, 64.0, 61.0, 60.0]);
        assert_eq!(output.row(0, 1), [41.0, 40.0, 37.0, 36.0, 33.0, 32.0]);
    }

    #[test]
    fn the_average_stands_in_zeros_where_the_output_is_larger() {
        let input = counting(5, 4, 1);
        let mut output = Maps::new(Shape::bare(3, 3, 2), 1);
        output.numbers_mut().fill(7.0);
        average_2x2_by_2(&input, &mut output, 0);
        assert_eq!(output.row(0, 0), [2.5, 0.0, 4.5, 0.0, 0.0, 0.0]);
        assert_eq!(output.row(0, 1), [10.5, 0.0, 12.5, 0.0, 0.0, 0.0]);
        assert_eq!(output.row(0, 2), [0.0; 6]);
    }
}
