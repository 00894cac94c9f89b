use super::*;

/// Returns pseudorandom bytes.
fn noise(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(|_| next()).collect()
}

fn resized(level: SimdLevel, source_width: usize, width: usize, pair: RowPair) -> [Vec<u8>; 3] {
    let columns = Columns::new(source_width, width);
    assert_eq!(columns.width(), width);
    let rows: Vec<_> = (0..6)
        .map(|seed| noise(source_width + SLACK, seed))
        .collect();
    let mut out = [const { Vec::new() }; 3].map(|_: Vec<u8>| vec![7; width + 1]);
    resize_row(
        level,
        &columns,
        pair,
        [&rows[0], &rows[1], &rows[2]],
        [&rows[3], &rows[4], &rows[5]],
        out.each_mut().map(Vec::as_mut_slice),
    );
    assert!(out.iter().all(|row| row[width] == 7), "wrote too far");
    out
}

#[test]
fn all_levels_agree_on_every_byte() {
    let levels = SimdLevel::available();
    println!("levels: {levels:?}");
    for source_width in (1..70).chain([500, 501, 1002]) {
        let down = 5 * source_width / 6;
        for width in [down, 2 * source_width + 2, source_width, source_width / 3] {
            if width == 0 {
                continue;
            }
            for pair in RowPair::all(9, 7) {
                let expected = resized(SimdLevel::Scalar, source_width, width, pair);
                for &level in &levels {
                    let found = resized(level, source_width, width, pair);
                    assert_eq!(found, expected, "{level} {source_width} to {width}");
                }
            }
        }
    }
}

#[test]
fn a_row_of_the_same_size_stays_as_it_is() {
    let pair = RowPair::all(1, 1).next().unwrap();
    for level in SimdLevel::available() {
        let found = resized(level, 40, 40, pair);
        assert_eq!(found[1][..40], noise(40 + SLACK, 1)[..40]);
    }
}

#[test]
fn the_rows_begin_and_end_with_those_of_the_source() {
    let pairs: Vec<_> = RowPair::all(12, 10).collect();
    assert_eq!((pairs[0].top, pairs[0].bottom), (0, 1));
    assert_eq!(pairs[0].fraction, 0.0);
    let last = pairs[9];
    assert!(last.top as f64 + last.fraction > 10.999);
    assert_eq!(RowPair::all(0, 5).count(), 0);
    assert_eq!(RowPair::all(5, 0).count(), 0);
}
