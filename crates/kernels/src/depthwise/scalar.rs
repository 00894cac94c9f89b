//! The specification, window by window.

use super::Task;

/// Computes `task`.
pub(super) fn run(task: Task<'_>) {
    let Task { job, output } = task;
    let (windows, places, filters) = (job.windows, job.places, job.filters);
    let channels = filters.channels;
    for (start, place) in job.rows() {
        for column in 0..windows.columns {
            let start = start + column * windows.column_step;
            let results = &mut output[place + column * places.column_step..][..channels];
            for (channel, result) in results.iter_mut().enumerate() {
                let mut sum = filters.bias[channel];
                for row in 0..filters.rows {
                    for column in 0..filters.columns {
                        let pixel = start + row * windows.window_row_step + column * channels;
                        let weight = (row * filters.columns + column) * channels;
                        sum += job.input[pixel + channel] * filters.weights[weight + channel];
                    }
                }
                job.finish.put(sum, filters.slopes[channel], result);
            }
        }
    }
}
