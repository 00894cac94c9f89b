//! The specification, number by number: products with the matrices of a [`Scheme`](super::Scheme).

use super::{Join, Split};

/// Maximum number of numbers in a patch.
const PATCH: usize = 36;

/// Transforms the patches of tiles.
pub(super) fn split(task: Split<'_>) {
    let Split {
        scheme,
        input,
        grid,
        tiles,
        patches,
    } = task;
    let size = scheme.size();
    let tile_count = tiles.len();
    for (index, tile) in tiles.enumerate() {
        let start = grid.place(grid.corner(scheme, tile));
        for channel in 0..grid.channels {
            let mut patch = [0.0; PATCH];
            for row in 0..size {
                for column in 0..size {
                    patch[row * size + column] =
                        input[start + row * grid.row_step + column * grid.channels + channel];
                }
            }
            let transformed = both_axes(scheme.input(), size, &patch);
            for (number, value) in transformed.iter().take(size * size).enumerate() {
                patches[(number * tile_count + index) * grid.channels + channel] = *value;
            }
        }
    }
}

/// Transforms products into pixels.
pub(super) fn join(task: Join<'_>) {
    let (scheme, grid) = (task.scheme, task.grid);
    let (size, outputs) = (scheme.size(), scheme.outputs());
    for (index, tile) in task.tiles.clone().enumerate() {
        let (image, row, column) = grid.corner(scheme, tile);
        for channel in 0..grid.channels {
            let mut products = [0.0; PATCH];
            for (number, product) in products.iter_mut().take(size * size).enumerate() {
                let at = (number * task.tiles.len() + index) * grid.channels + channel;
                *product = task.products[at];
            }
            let pixels = both_axes(scheme.output(), size, &products);
            for y in 0..outputs.min(grid.rows - row) {
                for x in 0..outputs.min(grid.columns - column) {
                    let sum = pixels[y * outputs + x] + task.bias[channel];
                    let place =
                        &mut task.output[grid.place((image, row + y, column + x)) + channel];
                    task.finish.put(sum, task.slopes[channel], place);
                }
            }
        }
    }
}

/// Returns `matrix patch matrix^T` for a matrix with rows of `size` numbers and a square patch of
/// this side.
fn both_axes(matrix: &[f32], size: usize, patch: &[f32; PATCH]) -> [f32; PATCH] {
    let rows = matrix.len() / size;
    let mut columns_done = [0.0; PATCH];
    for row in 0..rows {
        for column in 0..size {
            let products = (0..size).map(|at| matrix[row * size + at] * patch[at * size + column]);
            columns_done[row * size + column] = products.sum();
        }
    }
    let mut done = [0.0; PATCH];
    for row in 0..rows {
        for column in 0..rows {
            let products =
                (0..size).map(|at| matrix[column * size + at] * columns_done[row * size + at]);
            done[row * rows + column] = products.sum();
        }
    }
    done
}
