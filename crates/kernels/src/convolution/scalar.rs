//! The specification, window by window.

use super::{BLOCK, Job, Task};

/// Computes `task`.
pub(super) fn run(task: Task<'_>) {
    let Task { job, output } = task;
    let (windows, places) = (job.windows, job.places);
    for image in 0..windows.images {
        for row in 0..windows.rows {
            for column in 0..windows.columns {
                let start = image * windows.image_step
                    + row * windows.row_step
                    + column * windows.column_step;
                let place =
                    image * places.image_step + row * places.row_step + column * places.column_step;
                one_window(&job, start, &mut output[place..]);
            }
        }
    }
}

/// Computes the results of the window at `start`.
fn one_window(job: &Job<'_>, start: usize, results: &mut [f32]) {
    let filters = job.filters;
    let blocks = filters.weights().chunks_exact(filters.block_length());
    let (biases, _) = filters.bias().as_chunks::<BLOCK>();
    let (slopes, _) = filters.slopes().as_chunks::<BLOCK>();
    let (results, _) = results.as_chunks_mut::<BLOCK>();
    for (((weights, bias), slopes), results) in blocks.zip(biases).zip(slopes).zip(results) {
        let sums = sums(job, start, weights, *bias);
        for ((result, sum), slope) in results.iter_mut().zip(sums).zip(slopes) {
            job.finish.put(sum, *slope, result);
        }
    }
}

/// Returns the sums of one block of filters, added to `sums`.
fn sums(job: &Job<'_>, start: usize, weights: &[f32], mut sums: [f32; BLOCK]) -> [f32; BLOCK] {
    let windows = job.windows;
    let (weights, _) = weights.as_chunks::<BLOCK>();
    for (row, weights) in weights.chunks_exact(windows.window_run).enumerate() {
        let run = &job.input[start + row * windows.window_row_step..][..windows.window_run];
        for (number, weights) in run.iter().zip(weights) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += number * weight;
            }
        }
    }
    sums
}
