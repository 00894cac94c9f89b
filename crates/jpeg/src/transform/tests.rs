use super::*;
use proptest::prelude::*;

/// Returns the inverse DCT of a block that has only its lowest frequencies, `length` along each
/// side, over as many pixels, by the definition (T.81, A.3.3, with `length` for 8), in double
/// precision.
fn by_definition(block: &[i32; 64], length: usize) -> Vec<f64> {
    let share = |frequency: usize, place: usize| {
        let angle = ((2 * place + 1) * frequency) as f64 * std::f64::consts::PI;
        let scale = if frequency == 0 {
            1.0
        } else {
            std::f64::consts::SQRT_2
        };
        scale * (angle / (2 * length) as f64).cos()
    };
    let pixel = |x: usize, y: usize| {
        (0..length)
            .flat_map(|v| (0..length).map(move |u| (u, v)))
            .map(|(u, v)| f64::from(block[v * 8 + u]) / 8.0 * share(u, x) * share(v, y))
            .sum::<f64>()
    };
    (0..length)
        .flat_map(|y| (0..length).map(move |x| (x, y)))
        .map(|(x, y)| (pixel(x, y) + 128.0).clamp(0.0, 255.0))
        .collect()
}

proptest! {
    #[test]
    fn pixels_are_those_of_the_definition(
        length in 1_usize..=8,
        content in proptest::collection::vec(proptest::collection::vec(-300..300_i32, 64), 1..20),
    ) {
        let transform = Transform::new(length, &[1; 64]).unwrap();
        let count = content.len().next_multiple_of(GROUP);
        let mut blocks = transform.blocks(count);
        for (block, numbers) in content.iter().enumerate() {
            for (place, &target) in ZIGZAG.iter().enumerate() {
                blocks.set(block, place, numbers[usize::from(target)]);
            }
        }
        let stride = count * length + 3;
        let mut pixels = vec![0; stride * length];
        transform.write(&blocks, count, &mut pixels, stride).unwrap();
        for (block, numbers) in content.into_iter().enumerate() {
            let wanted = by_definition(&numbers.try_into().unwrap(), length);
            for (at, wanted) in wanted.into_iter().enumerate() {
                let got = pixels[at / length * stride + block * length + at % length];
                // libjpeg's method rounds between its passes.
                let tolerance = if length == 8 { 1.0 } else { 0.51 };
                prop_assert!((f64::from(got) - wanted).abs() <= tolerance, "{got} for {wanted}");
            }
        }
    }
}

#[test]
fn blocks_that_were_cleared_are_of_the_middle_level() {
    let transform = Transform::new(3, &[16; 64]).unwrap();
    let mut blocks = transform.blocks(GROUP);
    blocks.set(4, 0, 50);
    blocks.set(2, 3, -20);
    blocks.clear();
    let mut pixels = [0; GROUP * 3 * 3];
    transform
        .write(&blocks, GROUP, &mut pixels, GROUP * 3)
        .unwrap();
    assert_eq!(pixels, [128; GROUP * 3 * 3]);
    assert!(
        transform
            .write(&blocks, GROUP, &mut pixels[1..], GROUP * 3)
            .is_none()
    );
}

#[test]
fn levels_are_rounded_and_held_in_their_range() {
    for (value, level) in [
        (-1e9, 0),
        (-0.4, 0),
        (0.6, 1),
        (254.4, 254),
        (255.4, 255),
        (1e9, 255),
    ] {
        assert_eq!(to_level(value), level, "{value}");
    }
    assert_eq!(to_level(f32::NAN), 0);
}
