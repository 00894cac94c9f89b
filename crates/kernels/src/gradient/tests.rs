use super::*;

/// Computes with `level` the gradients of rows whose pixel 3k + 1 has each difference along x, -255
/// to 255, and the difference `y` along y.
fn gradients(level: SimdLevel, y: i32) -> (Vec<f32>, Vec<u8>) {
    let positive = |value: i32| value.clamp(0, 255) as u8;
    let here: Vec<u8> = (-255..=255)
        .flat_map(|x| [positive(-x), 0, positive(x)])
        .collect();
    let [above, below] = [-y, y].map(|value| vec![positive(value); here.len()]);
    run(level, [&above; 3], [&here; 3], [&below; 3])
}

fn run(
    level: SimdLevel,
    above: [&[u8]; 3],
    here: [&[u8]; 3],
    below: [&[u8]; 3],
) -> (Vec<f32>, Vec<u8>) {
    let end = here[0].len() - 1;
    let (mut lengths, mut orientations) = (vec![-1.0; end], vec![99; end]);
    let rows = Neighbourhood { above, here, below };
    gradient_row(level, rows, end, &mut lengths, &mut orientations);
    (lengths, orientations)
}

#[test]
fn every_pair_of_differences_has_the_same_orientation_on_all_levels() {
    let levels = SimdLevel::available();
    println!("levels: {levels:?}");
    for y in -255..=255 {
        let expected = gradients(SimdLevel::Scalar, y);
        for &level in &levels {
            assert_eq!(gradients(level, y), expected, "{level} {y}");
        }
    }
}

#[test]
fn all_levels_agree_on_noise_with_many_equal_channels() {
    let mut state = 1_u32;
    let mut noise = |length: usize, levels: u32| -> Vec<u8> {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) % levels) as u8
        };
        (0..length).map(|_| next()).collect()
    };
    for width in 2..90 {
        for spread in [2, 4, 256] {
            let rows: Vec<Vec<u8>> = (0..9).map(|_| noise(width, spread)).collect();
            let channels = |first: usize| [0, 1, 2].map(|channel| &rows[first + channel][..]);
            let [above, here, below] = [channels(0), channels(3), channels(6)];
            let expected = run(SimdLevel::Scalar, above, here, below);
            for level in SimdLevel::available() {
                let found = run(level, above, here, below);
                assert_eq!(found, expected, "{level} {width} {spread}");
            }
        }
    }
}

#[test]
fn orientations_turn_clockwise_from_brighter_to_the_right() {
    let of = |x: i32, y: i32| {
        let (lengths, orientations) = gradients(SimdLevel::Scalar, y);
        let at = (3 * (x + 255) + 1) as usize;
        (lengths[at], orientations[at])
    };
    for (x, y, expected) in [
        (3, 4, (5.0, 3)),
        (10, 0, (10.0, 0)),
        (0, 10, (10.0, 4)),
        (-10, 0, (10.0, 9)),
        (0, -10, (10.0, 13)),
        (10, -1, (101.0_f32.sqrt(), 0)),
        (-3, -4, (5.0, 12)),
        (0, 0, (0.0, 0)),
    ] {
        assert_eq!(of(x, y), expected, "{x} {y}");
    }
}

#[test]
fn of_equally_strong_channels_the_later_counts_but_for_the_last_columns() {
    // Red becomes brighter to the right, blue darker, and green does not change; 1 + 8 + 3 columns.
    let red: Vec<u8> = (0..13).map(|x| 10 * x).collect();
    let blue: Vec<u8> = red.iter().map(|value| 120 - value).collect();
    let flat = vec![0; 13];
    for level in SimdLevel::available() {
        let here = [&red[..], &flat, &blue];
        let (_, orientations) = run(level, [&flat; 3], here, [&flat; 3]);
        assert_eq!(orientations[1..9], [9; 8], "{level}");
        assert_eq!(orientations[9..], [0; 3], "{level}");
    }
}
