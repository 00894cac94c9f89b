//! The kernels on the sizes that the networks have, for each level of vector instructions: `cargo bench --bench kernels`.

#![allow(
    missing_docs,
    reason = "criterion makes functions without documentation"
)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use facematch::engine::native::kernels::convolution::{
    BLOCK, PackedFilters, Places, Windows, convolve,
};
use facematch::engine::native::kernels::winograd::{Grid, Scheme, join, split};
use facematch::engine::native::kernels::{Finish, SimdLevel};

/// A convolution of the networks: side of the output, channels, window, stride, filters.
const CONVOLUTIONS: [(usize, usize, usize, usize, usize); 4] = [
    (72, 3, 7, 2, 32),
    (17, 64, 3, 1, 64),
    (136, 16, 5, 2, 32),
    (81, 32, 1, 1, 32),
];

fn convolution(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("convolution");
    for (side, channels, window, stride, filters) in CONVOLUTIONS {
        let input_side = (side - 1) * stride + window;
        let windows = Windows {
            images: 1,
            rows: side,
            columns: side,
            image_step: 0,
            row_step: stride * input_side * channels,
            column_step: stride * channels,
            window_rows: window,
            window_row_step: input_side * channels,
            window_run: window * channels,
        };
        let bias = vec![0.1; filters];
        let packed = PackedFilters::new(filters, window, window * channels, &bias, |f, r, p| {
            ((f * 7 + r * 3 + p) % 11) as f32 * 0.01
        });
        let places = Places {
            image_step: 0,
            row_step: side * packed.channels(),
            column_step: packed.channels(),
        };
        let input = vec![0.5; input_side * input_side * channels];
        let mut output = vec![0.0; side * side * packed.channels()];
        let products = side * side * window * window * channels * filters;
        group.throughput(Throughput::Elements(products as u64));
        for level in SimdLevel::available() {
            let name =
                format!("{side}x{side}, {channels} to {filters}, {window}x{window} by {stride}");
            group.bench_function(BenchmarkId::new(level.name(), name), |bencher| {
                bencher.iter(|| {
                    convolve(
                        level,
                        &input,
                        &windows,
                        &packed,
                        &mut output,
                        &places,
                        Finish::StoreRelu,
                    );
                });
            });
        }
    }
    group.finish();
}

fn winograd(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("winograd");
    for (scheme, side, channels) in [
        (Scheme::Tile4Window3, 35, 32),
        (Scheme::Tile2Window3, 4, 256),
        (Scheme::Tile2Window5, 34, 48),
    ] {
        let row_step = (side + 8) * channels;
        let grid = Grid {
            images: 1,
            rows: side,
            columns: side,
            channels,
            image_step: 0,
            row_step,
        };
        let tiles = 0..grid.tiles(scheme).min(28);
        let input = vec![0.5; (side + 8) * row_step];
        let mut patches = vec![0.0; scheme.size().pow(2) * tiles.len() * channels];
        let mut output = vec![0.0; side * row_step];
        let bias = vec![0.1; channels];
        assert!(channels.is_multiple_of(BLOCK));
        for level in SimdLevel::available() {
            let name = |what| {
                BenchmarkId::new(
                    level.name(),
                    format!("{what} {scheme:?}, {channels} channels"),
                )
            };
            group.bench_function(name("split"), |bencher| {
                bencher.iter(|| split(level, scheme, &input, &grid, tiles.clone(), &mut patches));
            });
            group.bench_function(name("join"), |bencher| {
                bencher.iter(|| {
                    let tiles = tiles.clone();
                    join(
                        level,
                        scheme,
                        &patches,
                        &grid,
                        tiles,
                        &bias,
                        &mut output,
                        Finish::AddRelu,
                    );
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, convolution, winograd);
criterion_main!(benches);
