use super::*;
use crate::test_numbers::bytes;

#[test]
fn all_levels_agree_on_every_bit() {
    let weights: Vec<i16> = bytes(14, 1)
        .iter()
        .map(|byte| i16::from(*byte) * 90 - 7000)
        .collect();
    for width in (0..200).chain([1000]) {
        let (stride, source) = (width + 3, bytes(20 * (width + 3), 2));
        for rows in 0..14 {
            for precision in [1, 14, MAX_PRECISION] {
                let weights = RowWeights {
                    weights: &weights[..rows],
                    precision,
                };
                let [mut expected, mut row] = [vec![1; width], vec![2; width]];
                blend_rows(SimdLevel::Scalar, &source, stride, weights, &mut expected);
                for level in SimdLevel::available() {
                    blend_rows(level, &source, stride, weights, &mut row);
                    assert_eq!(row, expected, "{level}: {width} columns, {rows} rows");
                }
            }
        }
    }
}

#[test]
fn a_sum_is_rounded_and_stays_a_byte() {
    let blend = |level, column: [u8; 3], weights| {
        let source: Vec<u8> = column.iter().flat_map(|byte| [*byte; 70]).collect();
        let weights = RowWeights {
            weights,
            precision: 2,
        };
        let mut out = [9; 70];
        blend_rows(level, &source, 70, weights, &mut out);
        assert_eq!(out, [out[0]; 70]);
        out[0]
    };
    for level in SimdLevel::available() {
        assert_eq!(blend(level, [10, 20, 30], &[1, 2, 1]), 20, "{level}");
        // 2.5 is rounded up, 2.25 down.
        assert_eq!(blend(level, [10, 0, 0], &[1, 0, 0]), 3, "{level}");
        assert_eq!(blend(level, [9, 0, 0], &[1, 0, 0]), 2, "{level}");
        assert_eq!(blend(level, [255, 255, 0], &[4, 1, 0]), 255, "{level}");
        assert_eq!(blend(level, [0, 200, 0], &[4, -1, 1]), 0, "{level}");
        assert_eq!(blend(level, [1, 1, 1], &[]), 0, "{level}");
    }
}

#[test]
fn sums_wrap_around_at_every_level() {
    let source = vec![255; 600 * 70];
    for weight in [i16::MIN, i16::MAX] {
        let weights = RowWeights {
            weights: &[weight; 600],
            precision: MAX_PRECISION,
        };
        let [mut expected, mut row] = [[1; 70], [2; 70]];
        blend_rows(SimdLevel::Scalar, &source, 70, weights, &mut expected);
        for level in SimdLevel::available() {
            blend_rows(level, &source, 70, weights, &mut row);
            assert_eq!(row, expected, "{level} {weight}");
        }
    }
}
