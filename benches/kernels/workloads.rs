//! Tasks for the kernels with the sizes of the networks and the HOG detector.

use facematch_kernels::blend_rows::{RowWeights, blend_rows};
use facematch_kernels::convolution::{BLOCK, PackedFilters, Places, Windows, convolve};
use facematch_kernels::depthwise::{DepthwiseFilters, convolve_depthwise};
use facematch_kernels::distances::{Probe, ROWS, RowGroup, estimate_128};
use facematch_kernels::filter_bank::{
    BATCH, Cell, Extent, FilterBank, INNER, MOST_FILTERS, PLANES, SeparableFilter, TAPS, Tiles,
    respond,
};
use facematch_kernels::gradient::{Neighbourhood, ORIENTATIONS, gradient_row};
use facematch_kernels::histogram::{self, Histograms, count_row};
use facematch_kernels::hog_features::{self, CellRows, FeatureRow, feature_row};
use facematch_kernels::resize_rows::{self, Columns, RowPair, resize_row};
use facematch_kernels::winograd::{Grid, Scheme, join, split};
use facematch_kernels::{Finish, SimdLevel};

/// Convolutions of the networks: side of the output, channels, window, stride, filters.
const CONVOLUTIONS: [(usize, usize, usize, usize, usize); 7] = [
    (72, 3, 7, 2, 32),
    (17, 64, 3, 1, 64),
    (136, 16, 5, 2, 32),
    (81, 32, 1, 1, 32),
    (28, 64, 1, 1, 128),
    (14, 128, 1, 1, 256),
    (7, 256, 1, 1, 128),
];

/// Depthwise convolutions: rows and columns of the output, channels, and stride.
const DEPTHWISE: [[usize; 4]; 3] = [[48, 64, 64, 1], [48, 64, 64, 2], [14, 14, 256, 1]];

/// Width of the rows of pixels, about that of a photo of 500 pixels after doubling.
const WIDTH: usize = 1000;

/// A task that can be repeated.
pub(crate) struct Workload {
    /// Name of the kernel.
    pub(crate) kernel: &'static str,
    /// Sizes.
    pub(crate) name: String,
    /// Number of multiplications of a convolution, or of the numbers or pixels that other kernels
    /// output.
    pub(crate) elements: usize,
    /// Function that runs the task.
    pub(crate) run: Box<dyn FnMut()>,
}

/// Returns all tasks, for `level`.
pub(crate) fn all(level: SimdLevel) -> Vec<Workload> {
    let convolutions = CONVOLUTIONS.map(|sizes| convolution(level, sizes));
    let depthwise = DEPTHWISE.map(|sizes| depthwise(level, sizes));
    let winograd = [
        (Scheme::Tile4Window3, 35, 32),
        (Scheme::Tile2Window3, 4, 256),
        (Scheme::Tile2Window5, 34, 48),
    ];
    let winograd =
        winograd.map(|sizes| [winograd_split(level, sizes), winograd_join(level, sizes)]);
    let others = [
        blended_row(level),
        resized_row(level),
        gradients(level),
        histograms(level),
        features(level),
        filters(level),
        distances(level),
    ];
    let networks = convolutions
        .into_iter()
        .chain(depthwise)
        .chain(winograd.into_iter().flatten());
    networks.chain(others).collect()
}

fn convolution(
    level: SimdLevel,
    (side, channels, window, stride, filters): (usize, usize, usize, usize, usize),
) -> Workload {
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
    Workload {
        kernel: "convolution",
        name: format!("{side}x{side}, {channels} to {filters}, {window}x{window} by {stride}"),
        elements: side * side * window * window * channels * filters,
        run: Box::new(move || {
            let finish = Finish::StoreRelu;
            convolve(
                level,
                &input,
                &windows,
                &packed,
                &mut output,
                &places,
                finish,
            );
        }),
    }
}

fn depthwise(level: SimdLevel, [rows, columns, channels, stride]: [usize; 4]) -> Workload {
    let window = 3;
    let [input_rows, input_columns] = [rows, columns].map(|count| (count - 1) * stride + window);
    let windows = Windows {
        images: 1,
        rows,
        columns,
        image_step: 0,
        row_step: stride * input_columns * channels,
        column_step: stride * channels,
        window_rows: window,
        window_row_step: input_columns * channels,
        window_run: window * channels,
    };
    let weights: Vec<f32> = (0..window * window * channels)
        .map(|index| (index % 11) as f32 * 0.01)
        .collect();
    let [bias, slopes] = [-0.2, 0.1].map(|number| vec![number; channels]);
    let filters = DepthwiseFilters::new([window; 2], channels, &weights, &bias, &slopes);
    let places = Places {
        image_step: 0,
        row_step: columns * channels,
        column_step: channels,
    };
    let input = vec![0.5; input_rows * input_columns * channels];
    let mut output = vec![0.0; rows * columns * channels];
    Workload {
        kernel: "depthwise",
        name: format!("{columns}x{rows}, {channels} channels, {window}x{window} by {stride}"),
        elements: rows * columns * window * window * channels,
        run: Box::new(move || {
            let finish = Finish::StorePrelu;
            convolve_depthwise(
                level,
                &input,
                &windows,
                &filters,
                &mut output,
                &places,
                finish,
            );
        }),
    }
}

/// Returns maps of `side` x `side` pixels, and the number of their tiles that are computed
/// together.
fn grid((scheme, side, channels): (Scheme, usize, usize)) -> (Grid, usize) {
    assert!(channels.is_multiple_of(BLOCK));
    let grid = Grid {
        images: 1,
        rows: side,
        columns: side,
        channels,
        image_step: 0,
        row_step: (side + 8) * channels,
    };
    (grid, grid.tiles(scheme).min(28))
}

fn winograd_split(level: SimdLevel, sizes: (Scheme, usize, usize)) -> Workload {
    let (grid, tiles) = grid(sizes);
    let (scheme, side, channels) = sizes;
    let input = vec![0.5; (side + 8) * grid.row_step];
    let mut patches = vec![0.0; scheme.size().pow(2) * tiles * channels];
    Workload {
        kernel: "winograd",
        name: format!("split {scheme:?}, {channels} channels"),
        elements: patches.len(),
        run: Box::new(move || split(level, scheme, &input, &grid, 0..tiles, &mut patches)),
    }
}

fn winograd_join(level: SimdLevel, sizes: (Scheme, usize, usize)) -> Workload {
    let (grid, tiles) = grid(sizes);
    let (scheme, side, channels) = sizes;
    let products = vec![0.5; scheme.size().pow(2) * tiles * channels];
    let mut output = vec![0.0; side * grid.row_step];
    let [bias, slopes] = [0.1, 0.0].map(|number| vec![number; channels]);
    Workload {
        kernel: "winograd",
        name: format!("join {scheme:?}, {channels} channels"),
        elements: scheme.outputs().pow(2) * tiles * channels,
        run: Box::new(move || {
            let finish = Finish::AddRelu;
            join(
                level,
                scheme,
                &products,
                &grid,
                0..tiles,
                &bias,
                &slopes,
                &mut output,
                finish,
            );
        }),
    }
}

/// Returns bytes that change from pixel to pixel.
fn pixels(count: usize, seed: usize) -> Vec<u8> {
    (0..count)
        .map(|x| (x * (37 + seed) + x * x / 3) as u8)
        .collect()
}

fn blended_row(level: SimdLevel) -> Workload {
    let weights = [-300, 2_800, 5_692, 5_692, 2_800, -300];
    let (precision, length) = (14, 4 * WIDTH);
    let source = pixels(weights.len() * length, 5);
    let mut out = vec![0; length];
    Workload {
        kernel: "blend_rows",
        name: format!("{} rows of {length} bytes", weights.len()),
        elements: length,
        run: Box::new(move || {
            let weights = RowWeights {
                weights: &weights,
                precision,
            };
            blend_rows(level, &source, length, weights, &mut out);
        }),
    }
}

fn resized_row(level: SimdLevel) -> Workload {
    let width = WIDTH * 5 / 6;
    let columns = Columns::new(WIDTH, width);
    let rows: Vec<_> = (0..6)
        .map(|seed| pixels(WIDTH + resize_rows::SLACK, seed))
        .collect();
    let mut out = [0; 3].map(|_| vec![0; width]);
    let pair = RowPair::all(12, 10).nth(5);
    Workload {
        kernel: "resize_rows",
        name: format!("{WIDTH} to {width} pixels"),
        elements: width,
        run: Box::new(move || {
            let [a, b, c, d, e, f] = &rows[..] else {
                return;
            };
            let Some(pair) = pair else { return };
            let out = out.each_mut().map(Vec::as_mut_slice);
            resize_row(level, &columns, pair, [a, b, c], [d, e, f], out);
        }),
    }
}

fn gradients(level: SimdLevel) -> Workload {
    let rows: Vec<_> = (0..9).map(|seed| pixels(WIDTH, seed)).collect();
    let (mut lengths, mut orientations) = (vec![0.0; WIDTH], vec![0; WIDTH]);
    Workload {
        kernel: "gradient",
        name: format!("{WIDTH} pixels"),
        elements: WIDTH,
        run: Box::new(move || {
            let channels = |first: usize| [0, 1, 2].map(|channel| &rows[first + channel][..]);
            let rows = Neighbourhood {
                above: channels(0),
                here: channels(3),
                below: channels(6),
            };
            gradient_row(level, rows, WIDTH - 1, &mut lengths, &mut orientations);
        }),
    }
}

fn histograms(level: SimdLevel) -> Workload {
    let blocks = WIDTH / histogram::BLOCK;
    let lengths: Vec<f32> = pixels(WIDTH, 1).into_iter().map(f32::from).collect();
    let orientations: Vec<u8> = pixels(WIDTH, 2).iter().map(|byte| byte % 18).collect();
    let shares = [[0.1, 0.2, 0.3, 0.4]; histogram::BLOCK];
    let mut histograms = Histograms::default();
    histograms.set_size(blocks + 1);
    Workload {
        kernel: "histogram",
        name: format!("{WIDTH} pixels"),
        elements: WIDTH,
        run: Box::new(move || count_row(level, &lengths, &orientations, &shares, &mut histograms)),
    }
}

fn features(level: SimdLevel) -> Workload {
    let (count, slack) = (WIDTH / 8, hog_features::SLACK);
    let stride = count + 2 + slack;
    let energies = [1, 2, 3].map(|seed| pixels(stride, seed).into_iter().map(f32::from).collect());
    let histograms = pixels(ORIENTATIONS * stride, 4);
    let histograms: Vec<f32> = histograms.into_iter().map(f32::from).collect();
    let mut numbers = vec![0.0; PLANES * stride];
    Workload {
        kernel: "hog_features",
        name: format!("{count} cells"),
        elements: count,
        run: Box::new(move || {
            let cells = CellRows {
                energies: energies.each_ref().map(Vec::as_slice),
                histograms: &histograms,
                stride,
            };
            let to = FeatureRow {
                numbers: &mut numbers,
                first: 0,
                stride,
            };
            feature_row(level, cells, count, to);
        }),
    }
}

fn filters(level: SimdLevel) -> Workload {
    let products: Vec<_> = (0..PLANES)
        .map(|plane| SeparableFilter {
            plane,
            row: [0.1; TAPS],
            column: [0.2; TAPS],
        })
        .collect();
    let bank = FilterBank::new((0..MOST_FILTERS).map(|_| &products[..]));
    let mut tiles = Tiles::default();
    let extent = Extent {
        tiles: BATCH,
        columns: INNER,
        rows: INNER,
    };
    Workload {
        kernel: "filter_bank",
        name: format!("{BATCH} tiles, {MOST_FILTERS} filters"),
        elements: BATCH * INNER * INNER * MOST_FILTERS,
        run: Box::new(move || {
            // The features are overwritten by their transforms.
            for tile in 0..BATCH {
                tiles.rows_mut(tile).for_each(|row| row.fill(Cell::of(0.5)));
            }
            respond(level, &bank, extent, &mut tiles);
        }),
    }
}

fn distances(level: SimdLevel) -> Workload {
    let group = Box::new(RowGroup {
        numbers: [[3; ROWS]; 128],
        scales: [0.1; ROWS],
        offsets: [0.2; ROWS],
        widths: [0.3; ROWS],
    });
    let probe = Probe {
        numbers: [0.5; 128],
        reach: 1.0,
    };
    let probes = vec![probe; 9];
    let mut estimates = vec![[0.0; ROWS]; probes.len()];
    Workload {
        kernel: "distances",
        name: format!("{ROWS} rows, {} probes", probes.len()),
        elements: ROWS * probes.len(),
        run: Box::new(move || estimate_128(level, &group, &probes, &mut estimates)),
    }
}
