use super::*;

/// Numbers from -1 to 1 that look random.
fn noise(length: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..length).map(|_| next()).collect()
}

fn taps(seed: u32) -> [f32; TAPS] {
    std::array::from_fn(|tap| noise(TAPS, seed)[tap])
}

/// The responses of three detectors of which the middle one has `count` filters and the others one.
fn responses(
    level: SimdLevel,
    plane_rows: usize,
    band: Range<usize>,
    count: usize,
) -> Vec<Vec<f32>> {
    let stride = STRIP + TAPS + 3;
    let features = noise(plane_rows * stride, 9);
    let mut filters = PlaneFilters::default();
    let detectors = [vec![0], vec![1; count], vec![2]].concat();
    for (seed, detector) in (0..).zip(detectors) {
        filters.push(detector, taps(seed), taps(100 + seed));
    }
    let strip = Strip {
        features: &features,
        stride,
        plane_rows,
        first: band.start,
        rows: band.len(),
    };
    let mut responses = Responses::default();
    responses.set_size(band.len(), 3);
    // Two planes of the same features.
    for _ in 0..2 {
        add_responses(level, strip, &filters, &mut responses);
    }
    (0..3)
        .map(|detector| responses.rows(detector).flatten().copied().collect())
        .collect()
}

#[test]
fn all_levels_agree_within_rounding() {
    let levels = SimdLevel::available();
    println!("levels: {levels:?}");
    for rows in 0..27 {
        for count in [0, 1, 2, 3, 4, 9, 14] {
            let expected = responses(SimdLevel::Scalar, rows, 0..rows, count);
            assert!(expected.iter().all(|each| each.len() == rows * STRIP));
            for &level in &levels {
                let found = responses(level, rows, 0..rows, count);
                let pairs = found.iter().flatten().zip(expected.iter().flatten());
                for (found, expected) in pairs {
                    // Sums of up to 2 * 14 * 100 products below 1.
                    assert!((found - expected).abs() < 1e-3, "{level} {rows} {count}");
                }
            }
        }
    }
}

#[test]
fn a_filter_is_a_window_around_its_place() {
    // The filter takes the feature two columns to the right of the window's first, in the window's centre row.
    let (mut row, mut column) = ([0.0; TAPS], [0.0; TAPS]);
    (row[2], column[BEFORE]) = (1.0, 1.0);
    let mut filters = PlaneFilters::default();
    filters.push(0, row, column);
    let features = noise(5 * 40, 1);
    let strip = Strip {
        features: &features,
        stride: 40,
        plane_rows: 5,
        first: 0,
        rows: 5,
    };
    for level in SimdLevel::available() {
        let mut responses = Responses::default();
        responses.set_size(5, 1);
        add_responses(level, strip, &filters, &mut responses);
        for (y, found) in responses.rows(0).enumerate() {
            assert_eq!(found[..], features[y * 40 + 2..][..STRIP], "{level}");
        }
    }
}

#[test]
fn bands_make_up_the_whole_plane() {
    for level in SimdLevel::available() {
        let whole = responses(level, 23, 0..23, 4);
        for height in [1, 3, 8, 11, 20] {
            for first in (0..23).step_by(height) {
                let band = first..(first + height).min(23);
                let found = responses(level, 23, band.clone(), 4);
                for (found, whole) in found.iter().zip(&whole) {
                    let expected = &whole[band.start * STRIP..band.end * STRIP];
                    assert_eq!(found, expected, "{level} {band:?}");
                }
            }
        }
    }
}
