use super::*;
use crate::test_numbers::numbers;

const SCHEMES: [Scheme; 3] = [
    Scheme::Tile4Window3,
    Scheme::Tile2Window3,
    Scheme::Tile2Window5,
];

fn grid(images: usize, rows: usize, columns: usize, channels: usize, beyond: usize) -> Grid {
    let row_step = (columns + beyond) * channels + 3;
    Grid {
        images,
        rows,
        columns,
        channels,
        row_step,
        image_step: (rows + beyond) * row_step + 5,
    }
}

fn assert_close(level: SimdLevel, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let close = (found - expected).abs() < 1e-4;
        assert!(close, "{level}: {found} instead of {expected} at {index}");
    }
}

#[test]
fn every_level_computes_what_scalar_does() {
    for level in SimdLevel::available() {
        println!("level {level}");
        for scheme in SCHEMES {
            for (rows, columns) in [(1, 1), (2, 3), (4, 4), (5, 9), (7, 6), (17, 17)] {
                for channels in [16, 32, 48] {
                    check_split(level, scheme, rows, columns, channels);
                    for finish in [
                        Finish::Store,
                        Finish::StoreRelu,
                        Finish::StorePrelu,
                        Finish::Add,
                        Finish::AddRelu,
                    ] {
                        check_join(level, scheme, rows, columns, channels, finish);
                    }
                }
            }
        }
    }
}

fn check_split(level: SimdLevel, scheme: Scheme, rows: usize, columns: usize, channels: usize) {
    let grid = grid(2, rows, columns, channels, 8);
    let input = numbers(2 * grid.image_step, 1);
    let all = grid.tiles(scheme);
    for tiles in [0..all, all / 2..all, 0..1] {
        let length = scheme.size().pow(2) * tiles.len() * channels;
        let (mut expected, mut found) = (vec![0.0; length], vec![0.0; length]);
        let scalar = SimdLevel::Scalar;
        split(scalar, scheme, &input, &grid, tiles.clone(), &mut expected);
        split(level, scheme, &input, &grid, tiles, &mut found);
        assert_close(level, &found, &expected);
    }
}

fn check_join(
    level: SimdLevel,
    scheme: Scheme,
    rows: usize,
    columns: usize,
    channels: usize,
    finish: Finish,
) {
    let grid = grid(2, rows, columns, channels, 0);
    let all = grid.tiles(scheme);
    let (bias, slopes) = (numbers(channels, 2), numbers(channels, 5));
    let before = numbers(2 * grid.image_step, 3);
    for tiles in [0..all, all / 2..all] {
        let products = numbers(scheme.size().pow(2) * tiles.len() * channels, 4);
        let joined = |level| {
            let mut output = before.clone();
            let tiles = tiles.clone();
            join(
                level,
                scheme,
                &products,
                &grid,
                tiles,
                &bias,
                &slopes,
                &mut output,
                finish,
            );
            output
        };
        assert_close(level, &joined(level), &joined(SimdLevel::Scalar));
    }
}

/// Splitting, multiplying with the transformed filter and joining convolves a map of one block of
/// channels: each result is the sum of the products of its window with the filter.
#[test]
fn together_they_are_a_convolution() {
    for scheme in SCHEMES {
        let (window, size) = (scheme.window(), scheme.size());
        let (rows, columns) = (7, 5);
        let filters: Vec<[f32; BLOCK]> = numbers(window * window * BLOCK, 1).as_chunks().0.to_vec();
        let mut transformed = vec![[0.0; BLOCK]; size * size];
        scheme.transform_filters(&filters, &mut transformed);
        let input_grid = grid(1, rows, columns, BLOCK, 8);
        let input = numbers(input_grid.image_step, 2);
        let tiles = 0..input_grid.tiles(scheme);
        let mut patches = vec![0.0; size * size * tiles.len() * BLOCK];
        split(
            SimdLevel::Scalar,
            scheme,
            &input,
            &input_grid,
            tiles.clone(),
            &mut patches,
        );
        let numbers_of_patch = patches.chunks_exact_mut(tiles.len() * BLOCK);
        for (numbers, filter) in numbers_of_patch.zip(&transformed) {
            for number in numbers.chunks_exact_mut(BLOCK) {
                number
                    .iter_mut()
                    .zip(filter)
                    .for_each(|(number, weight)| *number *= weight);
            }
        }
        let output_grid = grid(1, rows, columns, BLOCK, 0);
        let mut output = vec![0.0; output_grid.image_step];
        let bias = [0.0; BLOCK];
        join(
            SimdLevel::Scalar,
            scheme,
            &patches,
            &output_grid,
            tiles,
            &bias,
            &bias,
            &mut output,
            Finish::Store,
        );
        for row in 0..rows {
            for column in 0..columns {
                for channel in 0..BLOCK {
                    let mut sum = 0.0;
                    for (tap, weights) in filters.iter().enumerate() {
                        let place = (0, row + tap / window, column + tap % window);
                        sum += input[input_grid.place(place) + channel] * weights[channel];
                    }
                    let found = output[output_grid.place((0, row, column)) + channel];
                    assert!(
                        (found - sum).abs() < 1e-4,
                        "{scheme:?}: {found} instead of {sum}"
                    );
                }
            }
        }
    }
}
