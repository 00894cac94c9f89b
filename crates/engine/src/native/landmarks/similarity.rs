//! The rotation and scale of one shape relative to another. Input: two shapes. Output: the map from
//! vectors in one to vectors in the other: `find_similarity_transform` of
//! `dlib/geometry/point_transforms.h` without its translation.

/// A rotation and a scale of the plane: the product with the complex number `along + across * i`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Similarity {
    along: f32,
    across: f32,
}

impl Similarity {
    /// Returns the rotation and scale that bring `from` nearest to `to` by least squares (Umeyama,
    /// 1991), after moving both to the same middle. Both alternate x and y, for the same number of
    /// points.
    ///
    /// dlib solves this by singular value decomposition, for any number of dimensions. In the
    /// plane, least squares give the complex number directly; the difference is in the last digits
    /// of an `f64` and vanishes when dlib and this function round to `f32`. Points that all
    /// coincide have no scale: they give the identity.
    pub(super) fn between(from: &[f32], to: &[f32]) -> Self {
        let (from_middle, to_middle) = (middle(from), middle(to));
        let (mut along, mut across, mut extent) = (0.0, 0.0, 0.0);
        for (from, to) in points(from).zip(points(to)) {
            let [from_x, from_y] = [from[0] - from_middle[0], from[1] - from_middle[1]];
            let [to_x, to_y] = [to[0] - to_middle[0], to[1] - to_middle[1]];
            along += from_x * to_x + from_y * to_y;
            across += from_x * to_y - from_y * to_x;
            extent += from_x * from_x + from_y * from_y;
        }
        if extent == 0.0 {
            return Self {
                along: 1.0,
                across: 0.0,
            };
        }
        Self {
            along: (along / extent) as f32,
            across: (across / extent) as f32,
        }
    }

    /// Returns the image of the vector `[x, y]`.
    pub(super) fn apply(self, [x, y]: [f32; 2]) -> [f32; 2] {
        [
            self.along * x + -self.across * y,
            self.across * x + self.along * y,
        ]
    }
}

/// Returns the points of a shape.
fn points(shape: &[f32]) -> impl Iterator<Item = [f64; 2]> {
    let (points, _) = shape.as_chunks::<2>();
    points.iter().map(|point| point.map(f64::from))
}

/// Returns the mean of the points of a shape.
fn middle(shape: &[f32]) -> [f64; 2] {
    let count = (shape.len() / 2) as f64;
    let sum = points(shape).fold([0.0, 0.0], |sum, [x, y]| [sum[0] + x, sum[1] + y]);
    sum.map(|sum| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: [f32; 8] = [0.0, 0.0, 1.0, 0.0, 1.0, 0.5, 0.25, 0.75];

    /// Returns `SHAPE`, rotated and scaled by `along + across * i`, then moved.
    fn moved(along: f32, across: f32) -> Vec<f32> {
        let map = Similarity { along, across };
        let (points, _) = SHAPE.as_chunks::<2>();
        points
            .iter()
            .flat_map(|&point| map.apply(point).map(|number| number + 8.0))
            .collect()
    }

    #[test]
    fn a_turned_and_scaled_shape_gives_its_turn_and_scale() {
        for (along, across) in [
            (1.0, 0.0),
            (0.0, 1.0),
            (-0.5, 2.0),
            (0.75, -0.25),
            (0.0, 0.0),
        ] {
            assert_eq!(
                Similarity::between(&SHAPE, &moved(along, across)),
                Similarity { along, across }
            );
        }
    }

    #[test]
    fn a_quarter_turn_takes_right_to_down() {
        let quarter = Similarity {
            along: 0.0,
            across: 1.0,
        };
        assert_eq!(quarter.apply([2.0, 0.0]), [0.0, 2.0]);
        assert_eq!(quarter.apply([0.0, 2.0]), [-2.0, 0.0]);
    }

    #[test]
    fn a_mirrored_shape_is_turned_not_mirrored() {
        // The upper and lower half cannot both be matched, so the best rotation is none, at a
        // smaller scale.
        let [cross, mirrored] =
            [1.0, -1.0].map(|down| [2.0, 0.0, -2.0, 0.0, 0.0, down, 0.0, -down]);
        assert_eq!(
            Similarity::between(&cross, &mirrored),
            Similarity {
                along: 0.6,
                across: 0.0
            }
        );
    }

    #[test]
    fn points_that_coincide_change_nothing() {
        let map = Similarity::between(&[3.0; 8], &SHAPE);
        assert_eq!(map.apply([0.25, -4.0]), [0.25, -4.0]);
    }
}
