use super::*;

fn counted(level: SimdLevel, blocks: usize) -> Vec<Vec<[f32; 2]>> {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    let lengths: Vec<f32> = (0..blocks * BLOCK).map(|_| next() as f32 / 180.0).collect();
    // Some are out of range, many are equal.
    let orientations: Vec<u8> = (0..blocks * BLOCK)
        .map(|_| (next() % 5 * next() % 23) as u8)
        .collect();
    let shares = std::array::from_fn(|_| std::array::from_fn(|_| next() as f32 / 65_536.0));
    let mut histograms = Histograms::default();
    histograms.set_size(blocks + 1);
    for _ in 0..2 {
        count_row(level, &lengths, &orientations, &shares, &mut histograms);
    }
    (0..ORIENTATIONS)
        .map(|orientation| histograms.of(orientation).to_vec())
        .collect()
}

#[test]
fn all_levels_agree_on_every_bit() {
    let levels = SimdLevel::available();
    println!("levels: {levels:?}");
    for blocks in 0..40 {
        let expected = counted(SimdLevel::Scalar, blocks);
        for &level in &levels {
            assert_eq!(counted(level, blocks), expected, "{level} {blocks}");
        }
    }
}

#[test]
fn a_pixel_counts_for_the_cells_on_both_sides_of_its_block() {
    let mut lengths = [0.0; 3 * BLOCK];
    let mut orientations = [2; 3 * BLOCK];
    (lengths[BLOCK + 4], orientations[BLOCK + 4]) = (10.0, 200);
    let shares = [[0.1, 0.2, 0.3, 0.4]; BLOCK];
    for level in SimdLevel::available() {
        let mut histograms = Histograms::default();
        histograms.set_size(4);
        count_row(level, &lengths, &orientations, &shares, &mut histograms);
        let expected = [[0.0, 0.0], [1.0, 2.0], [3.0, 4.0], [0.0, 0.0]];
        assert_eq!(histograms.of(17), expected, "{level}");
        assert_eq!(histograms.of(2), [[0.0; 2]; 4], "{level}");
    }
}
