use super::*;
use crate::test_numbers::numbers;

fn filters(window: usize, channels: usize, count: usize) -> DepthwiseFilters {
    let weights = numbers(window * window * count, 1);
    let (bias, slopes) = (numbers(count, 2), numbers(count, 3));
    DepthwiseFilters::new([window; 2], channels, &weights, &bias, &slopes)
}

/// Returns windows that move by `stride`, and the places of their results.
fn task(
    images: usize,
    [rows, columns]: [usize; 2],
    [window, stride, channels]: [usize; 3],
) -> (Windows, Places) {
    let row_step = ((columns - 1) * stride + window) * channels + 3;
    let windows = Windows {
        images,
        rows,
        columns,
        image_step: ((rows - 1) * stride + window) * row_step,
        row_step: stride * row_step,
        column_step: stride * channels,
        window_rows: window,
        window_row_step: row_step,
        window_run: window * channels,
    };
    let places = Places {
        image_step: rows * (columns * (channels + 5) + 1),
        row_step: columns * (channels + 5) + 1,
        column_step: channels + 5,
    };
    (windows, places)
}

#[test]
fn every_level_computes_what_scalar_does() {
    for (window, stride, channels, count) in [(3, 1, 16, 8), (3, 2, 32, 32), (7, 1, 48, 33)] {
        let filters = filters(window, channels, count);
        for columns in 1..20 {
            let (windows, places) = task(2, [3, columns], [window, stride, channels]);
            let input = numbers(2 * windows.image_step, 4);
            let before = numbers(2 * places.image_step, 5);
            for finish in [Finish::Store, Finish::StorePrelu, Finish::AddRelu] {
                let run = |level| {
                    let mut output = before.clone();
                    convolve_depthwise(
                        level,
                        &input,
                        &windows,
                        &filters,
                        &mut output,
                        &places,
                        finish,
                    );
                    output
                };
                let expected = run(SimdLevel::Scalar);
                for level in SimdLevel::available() {
                    for (found, expected) in run(level).iter().zip(&expected) {
                        let close = (found - expected).abs() < 1e-4;
                        assert!(close, "{level}: {found} instead of {expected}");
                    }
                }
            }
        }
    }
}

#[test]
fn scalar_is_the_sum_over_the_window_of_each_channel() {
    let weights = [1.0, 2.0, 10.0, 20.0];
    let filters = DepthwiseFilters::new([1, 2], 16, &weights, &[0.5, -110.0], &[1.0, 0.25]);
    let (mut windows, places) = task(1, [1, 2], [1, 1, 16]);
    windows.window_run = 2 * 16;
    let mut input = [0.0; 48];
    for (pixel, numbers) in [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]].iter().enumerate() {
        input[pixel * 16..][..2].copy_from_slice(numbers);
    }
    let mut output = [7.0; 37];
    convolve_depthwise(
        SimdLevel::Scalar,
        &input,
        &windows,
        &filters,
        &mut output,
        &places,
        Finish::StorePrelu,
    );
    assert_eq!(output[..3], [7.5, -2.5, 0.0]);
    assert_eq!(output[15..18], [0.0, 7.0, 7.0]);
    assert_eq!(output[21..24], [13.5, 50.0, 0.0]);
}
