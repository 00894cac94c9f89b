use super::*;
use crate::test_numbers::numbers;

/// Checks that `level` and the specification agree on the same task.
fn check(level: SimdLevel, windows: &Windows, filters: usize, finish: Finish) {
    let bias = numbers(filters, 1);
    let weights = numbers(filters * windows.window_rows * windows.window_run, 2);
    let packed = PackedFilters::new(
        filters,
        windows.window_rows,
        windows.window_run,
        &bias,
        |filter, row, place| {
            weights[(filter * windows.window_rows + row) * windows.window_run + place]
        },
    )
    .with_slopes(&numbers(filters, 5));
    let column_step = packed.channels() + 3;
    let places = Places {
        column_step,
        row_step: column_step * windows.columns + 5,
        image_step: (column_step * windows.columns + 5) * windows.rows + 7,
    };
    let input = numbers(windows.end().unwrap(), 3);
    let before = numbers(places.end(windows, packed.channels()).unwrap(), 4);
    let mut expected = before.clone();
    let mut found = before;
    convolve(
        SimdLevel::Scalar,
        &input,
        windows,
        &packed,
        &mut expected,
        &places,
        finish,
    );
    convolve(level, &input, windows, &packed, &mut found, &places, finish);
    for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert!(
            (found - expected).abs() < 1e-4,
            "{level}: {found} instead of {expected} at {index}: {windows:?}, {filters} filters, {finish:?}"
        );
    }
}

fn windows(images: usize, rows: usize, columns: usize, window: usize, channels: usize) -> Windows {
    let row_step = (columns + window - 1) * channels;
    Windows {
        images,
        rows,
        columns,
        image_step: (rows + window - 1) * row_step,
        row_step,
        column_step: channels,
        window_rows: window,
        window_row_step: row_step,
        window_run: window * channels,
    }
}

#[test]
fn every_level_computes_what_scalar_does() {
    for level in SimdLevel::available() {
        println!("level {level}");
        for columns in 1..=30 {
            for filters in [1, 15, 16, 17, 32, 45, 48, 64, 80] {
                check(level, &windows(1, 2, columns, 3, 5), filters, Finish::Store);
            }
        }
        for rows in 1..=5 {
            for columns in 1..=5 {
                check(level, &windows(2, rows, columns, 1, 20), 32, Finish::Add);
                check(
                    level,
                    &windows(1, rows, columns, 3, 4),
                    40,
                    Finish::StoreRelu,
                );
            }
        }
        for finish in [
            Finish::Store,
            Finish::StoreRelu,
            Finish::StorePrelu,
            Finish::Add,
            Finish::AddRelu,
        ] {
            check(level, &windows(3, 4, 7, 1, 33), 40, finish);
            check(level, &windows(2, 1, 1, 1, 1), 1, finish);
        }
        // Enough weights that the loops are nested the other way round.
        check(level, &windows(2, 3, 4, 3, 128), 128, Finish::StoreRelu);
        let by_two = Windows {
            column_step: 2 * 5,
            columns: 14,
            ..windows(1, 1, 30, 3, 5)
        };
        check(level, &by_two, 32, Finish::AddRelu);
    }
}

#[test]
fn scalar_is_the_sum_of_products() {
    let packed = PackedFilters::new(2, 1, 3, &[0.5, -100.0], |filter, _, place| {
        if filter == 0 { place as f32 } else { 1.0 }
    })
    .with_slopes(&[2.0, 0.5]);
    let windows = Windows {
        column_step: 1,
        ..windows(1, 1, 2, 1, 3)
    };
    let places = Places {
        image_step: 0,
        row_step: 0,
        column_step: 16,
    };
    let mut output = [7.0; 32];
    let input = [1.0, 2.0, 3.0, 4.0, 0.0, 0.0];
    let mut run = |finish| {
        convolve(
            SimdLevel::Scalar,
            &input,
            &windows,
            &packed,
            &mut output,
            &places,
            finish,
        );
        [output[0], output[1], output[16], output[17]]
    };
    assert_eq!(run(Finish::Store), [8.5, -94.0, 11.5, -91.0]);
    assert_eq!(run(Finish::AddRelu), [17.0, 0.0, 23.0, 0.0]);
    assert_eq!(run(Finish::StoreRelu), [8.5, 0.0, 11.5, 0.0]);
    assert_eq!(run(Finish::StorePrelu), [8.5, -47.0, 11.5, -45.5]);
}

#[test]
#[should_panic(expected = "a window reaches beyond the input")]
fn a_window_beyond_the_input_is_refused() {
    let packed = PackedFilters::new(16, 1, 3, &[0.0; 16], |_, _, _| 0.0);
    let places = Places {
        image_step: 0,
        row_step: 0,
        column_step: 16,
    };
    let windows = windows(1, 1, 2, 1, 3);
    convolve(
        SimdLevel::best(),
        &[0.0; 5],
        &windows,
        &packed,
        &mut [0.0; 32],
        &places,
        Finish::Store,
    );
}
