use super::*;

const STRIDE: usize = 80;

/// Returns pseudorandom numbers from 0 to 100; some are 0.
fn noise(length: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) % 1001) as f32 / 10.0
    };
    (0..length).map(|_| (next() - 20.0).max(0.0)).collect()
}

fn features(level: SimdLevel, count: usize) -> Vec<Vec<f32>> {
    let [above, here, below] = [1, 2, 3].map(|seed| noise(count + 2 + SLACK, seed));
    let histograms = noise(ORIENTATIONS * STRIDE, 4);
    let cells = CellRows {
        energies: [&above, &here, &below],
        histograms: &histograms,
        stride: STRIDE,
    };
    let (first, stride) = (3, count + SLACK + 1);
    let mut numbers = vec![-1.0; first + PLANES * stride];
    let to = FeatureRow {
        numbers: &mut numbers,
        first,
        stride,
    };
    feature_row(level, cells, count, to);
    let planes = numbers[first..].chunks_exact(stride);
    planes.map(|plane| plane[..count].to_vec()).collect()
}

#[test]
fn all_levels_agree_on_every_bit() {
    let levels = SimdLevel::available();
    println!("levels: {levels:?}");
    for count in 0..40 {
        let expected = features(SimdLevel::Scalar, count);
        for &level in &levels {
            assert_eq!(features(level, count), expected, "{level} {count}");
        }
    }
}

#[test]
fn features_are_cut_off() {
    // With one orientation, each of the four shares of a number is 0.1 when it is limited.
    let energies = vec![4.0; 2 + SLACK + 1];
    let mut histograms = vec![0.0; ORIENTATIONS * STRIDE];
    histograms[5 * STRIDE + 1] = 2.0;
    let cells = CellRows {
        energies: [&energies; 3],
        histograms: &histograms,
        stride: STRIDE,
    };
    let mut numbers = vec![0.0; PLANES * 9];
    let to = FeatureRow {
        numbers: &mut numbers,
        first: 0,
        stride: 9,
    };
    feature_row(SimdLevel::Scalar, cells, 1, to);
    let found: Vec<f32> = (0..PLANES).map(|plane| numbers[9 * plane]).collect();
    for (plane, number) in found.into_iter().enumerate() {
        let expected = match plane {
            5 | 23 => 0.4,
            27.. => 0.04714,
            _ => 0.0,
        };
        assert!((number - expected).abs() < 1e-6, "{plane} {number}");
    }
}
