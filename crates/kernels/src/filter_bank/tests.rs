use super::*;
use crate::filter_bank::SeparableFilter;

/// Returns a generator of pseudorandom numbers from -1 to 1.
fn noise(seed: u32) -> impl FnMut() -> f32 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

/// Returns `filters` filters that are the sums of 0, 1, 2, ... products.
fn bank(filters: usize) -> FilterBank {
    let mut next = noise(3);
    let filters: Vec<Vec<_>> = (0..filters)
        .map(|count| {
            let product = |index: usize| SeparableFilter {
                plane: (index * 7 + count) % PLANES,
                row: std::array::from_fn(|_| next()),
                column: std::array::from_fn(|_| next()),
            };
            (0..count).map(product).collect()
        })
        .collect();
    FilterBank::new(filters.iter().map(Vec::as_slice))
}

/// Returns pseudorandom tiles whose last two columns and rows are 0.
fn tiles() -> Tiles {
    let mut next = noise(9);
    let mut tiles = Tiles::default();
    for tile in 0..BATCH {
        for (y, row) in tiles.rows_mut(tile).enumerate() {
            for (x, cell) in row.iter_mut().enumerate() {
                if x < TILE - 2 && y < TILE - 2 {
                    cell.real = std::array::from_fn(|_| next());
                    cell.imaginary = std::array::from_fn(|_| next());
                    cell.imaginary[PAIRS - 1] = 0.0;
                }
            }
        }
    }
    tiles
}

/// Returns the responses, row by row, column by column, tile by tile, filter by filter.
fn responses(tiles: &Tiles, extent: Extent) -> Vec<f32> {
    let mut found = Vec::new();
    for y in 0..extent.rows {
        for cell in &tiles.responses(y)[..extent.columns] {
            for tile in 0..extent.tiles {
                found.extend((0..MOST_FILTERS).map(|filter| cell.response(tile, filter)));
            }
        }
    }
    found
}

#[test]
fn all_levels_agree_within_rounding() {
    let levels = SimdLevel::available();
    println!("levels: {levels:?}");
    for filters in 0..=MOST_FILTERS {
        let bank = bank(filters);
        for (count, columns, rows) in [(0, 1, 1), (1, 32, 32), (2, 27, 1), (3, 0, 5), (4, 23, 27)] {
            let extent = Extent {
                tiles: count,
                columns,
                rows,
            };
            let mut expected = tiles();
            respond(SimdLevel::Scalar, &bank, extent, &mut expected);
            let expected = responses(&expected, extent);
            for &level in &levels {
                let mut found = tiles();
                // Runs twice, because data left over from one batch must not get into the next.
                for _ in 0..2 {
                    found.features = tiles().features;
                    respond(level, &bank, extent, &mut found);
                }
                let found = responses(&found, extent);
                assert_eq!(found.len(), expected.len());
                for (found, expected) in found.iter().zip(&expected) {
                    // Each sum has up to 500 products below 1.
                    let difference = (found - expected).abs();
                    assert!(
                        difference < 1e-4,
                        "{level} {filters} {extent:?} {difference}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_filter_is_a_window_that_begins_at_its_place() {
    for (plane, filter, tile) in [(0, 0, 3), (7, 1, 0), (30, 4, 2), (29, 5, 1)] {
        // The filter takes the feature two columns to the right of the window's first, in the
        // window's fourth row.
        let (mut row, mut column) = ([0.0; TAPS], [0.0; TAPS]);
        (row[2], column[3]) = (1.0, 1.0);
        let product = [SeparableFilter { plane, row, column }];
        let filters =
            (0..MOST_FILTERS).map(|index| if index == filter { &product[..] } else { &[] });
        let bank = FilterBank::new(filters);
        let features: Vec<_> = tiles().rows_mut(tile).map(|row| *row).collect();
        for level in SimdLevel::available() {
            let mut tiles = tiles();
            let extent = Extent {
                tiles: BATCH,
                columns: TILE,
                rows: TILE,
            };
            respond(level, &bank, extent, &mut tiles);
            for y in 0..TILE {
                for (x, cell) in tiles.responses(y).iter().enumerate() {
                    let expected = features[(y + 3) % TILE][(x + 2) % TILE].feature(plane);
                    let difference = (cell.response(tile, filter) - expected).abs();
                    assert!(difference < 1e-5, "{level} {plane} {x} {y}");
                    let other = cell.response(tile, (filter + 1) % MOST_FILTERS);
                    assert!(other.abs() < 1e-5, "{level} {plane} {x} {y}");
                }
            }
        }
    }
}
