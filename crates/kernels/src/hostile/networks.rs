//! Hostile sizes for the kernels of networks: convolutions, and the transforms of Winograd.

use super::*;

fn finish() -> impl Strategy<Value = Finish> {
    prop::sample::select(vec![
        Finish::Store,
        Finish::StoreRelu,
        Finish::StorePrelu,
        Finish::Add,
        Finish::AddRelu,
    ])
}

fn scheme() -> impl Strategy<Value = Scheme> {
    prop::sample::select(vec![
        Scheme::Tile4Window3,
        Scheme::Tile2Window3,
        Scheme::Tile2Window5,
    ])
}

/// Returns filters for the given numbers of filters, rows, and numbers in a run.
fn packed((filters, rows, run): (usize, usize, usize)) -> PackedFilters {
    let bias = numbers(filters, 1);
    let weights = numbers(filters * rows * run, 2);
    let weight = |filter, row, place| weights[(filter * rows + row) * run + place];
    let packed = PackedFilters::new(filters, rows, run, &bias, weight);
    packed.with_slopes(&numbers(filters, 5)).in_exact_memory()
}

fn windows() -> impl Strategy<Value = Windows> {
    let counts = (size(3), size(5), size(16));
    let steps = (size(300), size(80), size(20), size(60));
    (counts, steps).prop_map(|((images, rows, columns), steps)| Windows {
        images,
        rows,
        columns,
        image_step: steps.0,
        row_step: steps.1,
        column_step: steps.2,
        window_rows: 0,
        window_row_step: steps.3,
        window_run: 0,
    })
}

/// Returns places that leave `gaps` between those of `windows` with `channels` channels, so that
/// none overlap.
fn places(windows: &Windows, channels: usize, gaps: [usize; 3]) -> Places {
    let column_step = channels.saturating_add(gaps[0]);
    let row_step = column_step
        .saturating_mul(windows.columns)
        .saturating_add(gaps[1]);
    let image_step = row_step
        .saturating_mul(windows.rows)
        .saturating_add(gaps[2]);
    Places {
        image_step,
        row_step,
        column_step,
    }
}

proptest! {
    #[test]
    fn convolutions_stay_within_their_slices(
        mut windows in windows(),
        sizes in (0_usize..50, 1_usize..4, 1_usize..20),
        others in (0_usize..20, 0_usize..20),
        gaps in [size(3), size(5), size(7)],
        shortages in [shortage(), shortage()],
        finish in finish(),
    ) {
        let filters = packed(sizes);
        // Rarely a size that differs from that of the filters.
        windows.window_rows = sizes.1 + usize::from(others.0 == 0);
        windows.window_run = sizes.2 + usize::from(others.1 == 0);
        let places = places(&windows, filters.channels(), gaps);
        let counts = [windows.images, windows.rows, windows.columns];
        let of_windows = [
            (windows.images, windows.image_step),
            (windows.rows, windows.row_step),
            (windows.columns, windows.column_step),
            (windows.window_rows, windows.window_row_step),
        ];
        let of_places = [
            (windows.images, places.image_step),
            (windows.rows, places.row_step),
            (windows.columns, places.column_step),
        ];
        let (input, is_input) = length(end(&of_windows, windows.window_run), shortages[0]);
        let (output, is_output) = length(end(&of_places, filters.channels()), shortages[1]);
        let is_size = [windows.window_rows, windows.window_run] == [sizes.1, sizes.2];
        let fits = counts.contains(&0) || is_size && is_input && is_output;
        // Without filters or steps, more windows than can be counted would fit.
        prop_assume!(!fits || counts.iter().all(|count| *count < 1000));
        let (input, before) = (exact(input, 3), exact(output, 4));
        let task = |level| {
            let mut output = before.clone();
            convolve(level, &input, &windows, &filters, &mut output, &places, finish);
            output
        };
        check(fits, task, |a, b| are_close(a, b))?;
    }

    /// Images of up to 4x4 windows are one tile at the widest vectors.
    #[test]
    fn convolutions_of_small_images_stay_within_their_slices(
        counts in (1_usize..4, 1_usize..6, 1_usize..6),
        sizes in (1_usize..50, 1_usize..4, 1_usize..20),
        gaps in [0_usize..3, 0_usize..3, 0_usize..3],
        shortages in [shortage(), shortage()],
        finish in finish(),
    ) {
        let filters = packed(sizes);
        let row_step = counts.2 + sizes.2;
        let windows = Windows {
            images: counts.0,
            rows: counts.1,
            columns: counts.2,
            image_step: row_step * (counts.1 + sizes.1),
            row_step,
            column_step: 1,
            window_rows: sizes.1,
            window_row_step: row_step,
            window_run: sizes.2,
        };
        let places = places(&windows, filters.channels(), gaps);
        let last = [counts.0 - 1, counts.1 - 1, counts.2 - 1];
        let input = last[0] * windows.image_step + (last[1] + sizes.1 - 1) * row_step + last[2] + sizes.2;
        let output = last[0] * places.image_step + last[1] * places.row_step
            + last[2] * places.column_step + filters.channels();
        let (input, before) = (exact(input - shortages[0], 3), exact(output - shortages[1], 4));
        let task = |level| {
            let mut output = before.clone();
            convolve(level, &input, &windows, &filters, &mut output, &places, finish);
            output
        };
        check(shortages == [0, 0], task, |a, b| are_close(a, b))?;
    }

    #[test]
    fn depthwise_convolutions_stay_within_their_slices(
        mut windows in windows(),
        sizes in (1_usize..4, 1_usize..4, prop_oneof![9 => Just(16_usize), 3 => Just(48), 1 => 0_usize..20]),
        of_model in 0_usize..50,
        others in (0_usize..20, 0_usize..20, 0_usize..20),
        gaps in [size(3), size(5), size(7)],
        shortages in [shortage(), shortage()],
        finish in finish(),
    ) {
        let (rows, columns, channels) = sizes;
        let of_model = of_model.min(channels + usize::from(others.2 == 0));
        let weights = numbers(rows * columns * of_model, 1);
        let (bias, slopes) = (numbers(of_model, 2), numbers(of_model, 5));
        let filters = catch_unwind(|| {
            DepthwiseFilters::new([rows, columns], channels, &weights, &bias, &slopes)
        });
        let is_packed = channels % BLOCK == 0 && of_model <= channels;
        prop_assert_eq!(filters.is_ok(), is_packed);
        let Ok(filters) = filters else { return Ok(()) };
        let filters = filters.in_exact_memory();
        // Rarely a size that differs from that of the filters.
        windows.window_rows = rows + usize::from(others.0 == 0);
        windows.window_run = columns * channels + usize::from(others.1 == 0);
        let places = places(&windows, channels, gaps);
        let counts = [windows.images, windows.rows, windows.columns];
        let of_windows = [
            (windows.images, windows.image_step),
            (windows.rows, windows.row_step),
            (windows.columns, windows.column_step),
            (windows.window_rows, windows.window_row_step),
        ];
        let of_places = [
            (windows.images, places.image_step),
            (windows.rows, places.row_step),
            (windows.columns, places.column_step),
        ];
        let (input, is_input) = length(end(&of_windows, windows.window_run), shortages[0]);
        let (output, is_output) = length(end(&of_places, channels), shortages[1]);
        let is_size = others.0 > 0 && others.1 > 0;
        let fits = counts.contains(&0) || is_size && is_input && is_output;
        // Without channels or steps, more windows than can be counted would fit.
        prop_assume!(!fits || counts.iter().all(|count| *count < 1000));
        let (input, before) = (exact(input, 3), exact(output, 4));
        let task = |level| {
            let mut output = before.clone();
            convolve_depthwise(level, &input, &windows, &filters, &mut output, &places, finish);
            output
        };
        check(fits, task, |a, b| are_close(a, b))?;
    }

    #[test]
    fn packed_filters_have_the_weights_of_their_sizes(
        sizes in (1_usize..40, size(5), size(3), size(3)),
        stored in memory(20),
        difference in -1_isize..=1,
    ) {
        let (filters, channels, rows, columns) = sizes;
        let count = [filters, channels, rows, columns].iter().map(|size| *size as u128)
            .try_fold(1, u128::checked_mul).unwrap_or(u128::MAX);
        let (count, is_small) = length(count, 0);
        let weights = numbers(count.saturating_add_signed(difference), 1);
        let bias = numbers(filters.min(100), 2);
        let of_model = Filters {
            count: filters,
            channels,
            rows,
            columns,
            weights: &weights,
            bias: &bias,
        };
        let is_stored = stored <= 20 && [filters, channels, rows, columns].iter().all(|size| *size <= 40);
        let is_whole = is_small && count == weights.len();
        let is_window = stored > 0 && channels > 0 && rows > 0 && columns > 0;
        let fits = is_stored && is_whole && is_window;
        let packers: [&dyn Fn() -> PackedFilters; 2] = [
            &|| PackedFilters::pack(of_model, stored),
            &|| PackedFilters::of_transformed(of_model, stored, 1, |window, to| {
                to[0] = window[0];
            }).remove(0),
        ];
        for pack in packers {
            let packed = catch_unwind(AssertUnwindSafe(pack)).ok();
            prop_assert_eq!(packed.is_some(), fits, "{:?}", of_model);
            let Some(packed) = packed.map(PackedFilters::in_exact_memory) else { continue };
            let windows = Windows {
                images: 1, rows: 1, columns: 1, image_step: 0, row_step: 0, column_step: 0,
                window_rows: packed.rows(), window_row_step: packed.run(), window_run: packed.run(),
            };
            let places = places(&windows, packed.channels(), [0; 3]);
            let input = exact(packed.rows() * packed.run(), 3);
            let task = |level| {
                let mut output = exact(packed.channels(), 4);
                convolve(level, &input, &windows, &packed, &mut output, &places, Finish::Store);
                output
            };
            check(true, task, |a, b| are_close(a, b))?;
        }
    }

    #[test]
    fn patches_stay_within_their_slices(
        scheme in scheme(),
        sizes in (size(3), size(9), size(9)),
        channels in prop_oneof![6 => Just(16_usize), 3 => Just(32), 1 => size(20)],
        gaps in (size(5), size(5)),
        tiles in (0_usize..12, 0_usize..12),
        is_all in any::<bool>(),
        shortages in [shortage(), shortage(), shortage()],
        finish in finish(),
    ) {
        let (images, rows, columns) = sizes;
        let outputs = scheme.outputs();
        let beyond = scheme.size() - outputs;
        let tiles_along = |pixels: usize| pixels.div_ceil(outputs);
        let all = [images, tiles_along(rows), tiles_along(columns)].iter().map(|count| *count as u128)
            .try_fold(1, u128::checked_mul).unwrap_or(u128::MAX);
        let tiles = match usize::try_from(all) {
            Ok(all) if is_all && all < 300 => 0..all,
            _ => tiles.0.min(tiles.1)..tiles.0.max(tiles.1),
        };
        let is_tile = tiles.end as u128 <= all && all <= usize::MAX as u128;
        let is_block = channels % BLOCK == 0;
        let numbers = (scheme.size() * scheme.size() * tiles.len()) as u128 * channels as u128;
        let (patches, is_patches) = length(numbers, shortages[0]);
        let of_patches = [rows, columns].map(|pixels| tiles_along(pixels) as u128 * outputs as u128 + beyond as u128);
        let of_output = [rows as u128, columns as u128];
        for (is_split, [rows_reached, columns_reached]) in [(true, of_patches), (false, of_output)] {
            let most = |number: u128| usize::try_from(number).unwrap_or(usize::MAX);
            let row = columns_reached.saturating_mul(channels as u128);
            let row_step = most(row).saturating_add(gaps.0).saturating_sub(shortages[2]);
            let image_step = most(rows_reached.saturating_mul(row_step as u128)).saturating_add(gaps.1);
            let grid = Grid { images, rows, columns, channels, image_step, row_step };
            let last = |count: u128, step: usize| count.saturating_sub(1).saturating_mul(step as u128);
            let needed = last(images as u128, image_step)
                .saturating_add(last(rows_reached, row_step))
                .saturating_add(last(columns_reached, channels))
                .saturating_add(channels as u128);
            let (map, is_map) = length(needed, shortages[1]);
            // More pixels than a number can count are refused even if they have no channels.
            let is_number = rows_reached.max(columns_reached) <= usize::MAX as u128;
            let is_row = row <= row_step as u128 && is_number;
            let fits = tiles.is_empty() || is_tile && is_block && is_patches && is_map && is_row;
            if is_split {
                let input = exact(map, 1);
                let task = |level| {
                    let mut patches = exact(patches, 2);
                    split(level, scheme, &input, &grid, tiles.clone(), &mut patches);
                    patches
                };
                check(fits, task, |a, b| are_close(a, b))?;
            } else {
                let (products, bias) = (exact(patches, 1), exact(channels.min(64), 2));
                let slopes = exact(channels.min(64), 5);
                let before = exact(map, 3);
                let task = |level| {
                    let mut output = before.clone();
                    let tiles = tiles.clone();
                    join(level, scheme, &products, &grid, tiles, &bias, &slopes, &mut output, finish);
                    output
                };
                check(fits, task, |a, b| are_close(a, b))?;
            }
        }
    }
}
