//! Encodings: faces as numbers that can be compared. Input: numbers from a network or a file.
//! Output: [`Encoding`]s and their distances.

use std::fmt;

use crate::EncoderKind;
use crate::error::EngineError;

/// Number of numbers in an encoding of dlib's encoder.
pub const ENCODING_LEN: usize = EncoderKind::Dlib.numbers();

/// A face as numbers: close for photos of one person, far apart for two people. dlib calls it a
/// descriptor, the literature an embedding. [`EncoderKind::numbers`] says how many they are; only
/// encodings of one encoder can be compared.
#[derive(Clone, PartialEq)]
pub struct Encoding(Box<[f32]>);

impl Encoding {
    /// Maximum length (Euclidean norm) of an encoding. dlib's encodings have lengths of 1.2 to 1.6,
    /// and MobileFaceNet's a length of 1; much longer ones come from a damaged file, and their
    /// distances can exceed the range of `f32`.
    pub const MAX_LENGTH: f32 = 100.0;

    /// Wraps the numbers of an encoder.
    pub fn new(values: impl Into<Box<[f32]>>) -> Self {
        Self(values.into())
    }

    /// Wraps untrusted numbers, such as those of a file. Returns `None` if no encoder makes so
    /// many, if a number is not finite, or if the encoding has a length that its encoder does not
    /// make: the distance of two accepted encodings of the same encoder is always finite.
    pub fn checked(values: impl Into<Box<[f32]>>) -> Option<Self> {
        let has_known_size =
            |own: &Self| (EncoderKind::ALL.iter()).any(|kind| kind.numbers() == own.0.len());
        Some(Self::new(values))
            .filter(has_known_size)
            .filter(Self::is_plausible)
    }

    fn is_plausible(&self) -> bool {
        let square = |number: &f32| f64::from(*number) * f64::from(*number);
        let length = self.0.iter().map(square).sum::<f64>().sqrt();
        let is_mobilefacenet = self.0.len() == EncoderKind::Mobilefacenet.numbers();
        // Comparisons with NaN are false.
        match is_mobilefacenet {
            // A much shorter one would be near every face: zeros are at a distance of 1 from all.
            true => (length - 1.0).abs() <= 0.01,
            false => length <= f64::from(Self::MAX_LENGTH),
        }
    }

    /// Returns the mean of dlib's encodings of a face and its mirror image, scaled to a length of
    /// 1.45.
    ///
    /// The network gives encodings of length 1.2 to 1.6; faces with short ones, blurred or turned,
    /// are close to everyone's. Scaling all of them to one length solves this: it finds 12 of 100
    /// more people at the same rate of wrong names (`docs/ACCURACY.md`). The length was chosen so
    /// that 0.6 remains a good threshold. Zeros stay zeros.
    pub fn of_face_and_mirror([face, mirror]: &[Self; 2]) -> Self {
        let sum = face.0.iter().zip(&mirror.0).map(|(a, b)| a + b);
        Self::scaled(sum.collect(), 1.45)
    }

    /// Returns the encoding with the direction of `values` and this length (Euclidean norm). Zeros
    /// stay zeros.
    pub(crate) fn scaled(mut values: Box<[f32]>, length: f32) -> Self {
        let norm = (values.iter().map(|number| number * number))
            .sum::<f32>()
            .sqrt();
        if norm != 0.0 {
            let factor = length / norm;
            values.iter_mut().for_each(|number| *number *= factor);
        }
        Self(values)
    }

    /// Returns the numbers.
    pub fn values(&self) -> &[f32] {
        &self.0
    }

    /// Returns the [`distance`] to `other`.
    ///
    /// # Panics
    /// As [`distance`].
    pub fn distance(&self, other: &Self) -> f32 {
        distance(&self.0, &other.0)
    }
}

/// Returns the Euclidean distance of the numbers of two encodings: 0 for the same photo, mostly
/// below 0.6 for one person with dlib's encoder.
///
/// The sum runs in eight lanes in a fixed order, so the result is the same on every machine.
///
/// # Panics
/// If the encodings have different sizes: those of different encoders cannot be compared. The
/// readers of galleries and caches refuse such encodings.
pub fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "encodings of different encoders");
    let mut lanes = [0.0_f32; 8];
    let ((a, rest_of_a), (b, rest_of_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a.iter().zip(b) {
        for (lane, (x, y)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            let difference = x - y;
            *lane += difference * difference;
        }
    }
    // The encoders of facematch leave no rest, but a caller may have another one.
    for (lane, (x, y)) in lanes.iter_mut().zip(rest_of_a.iter().zip(rest_of_b)) {
        let difference = x - y;
        *lane += difference * difference;
    }
    lanes.iter().sum::<f32>().sqrt()
}

impl fmt::Debug for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encoding({:?}, ...)", &self.0[..self.0.len().min(4)])
    }
}

/// Checks `encodings` from an encoder, since the weights of a model may be any numbers.
pub(crate) fn check_encodings(encodings: Vec<Encoding>) -> Result<Vec<Encoding>, EngineError> {
    match encodings.iter().find(|encoding| !encoding.is_plausible()) {
        None => Ok(encodings),
        Some(encoding) => Err(EngineError::BadEncoding(encoding.0.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_is_the_euclidean_norm_of_the_difference() {
        let a = Encoding::new([0.0; ENCODING_LEN]);
        let b = Encoding::new([0.5; ENCODING_LEN]);
        assert_eq!(a.distance(&a), 0.0);
        assert!((a.distance(&b) - (128.0_f32 * 0.25).sqrt()).abs() < 1e-6);
        assert_eq!(a.distance(&b), b.distance(&a));
        assert_eq!(distance(&[0.0; 9], &[1.0; 9]), 3.0);
    }

    #[test]
    fn numbers_of_which_no_encoder_makes_an_encoding_are_refused() {
        let only = |number: f32| {
            let mut values = [0.0; ENCODING_LEN];
            values[7] = number;
            Encoding::checked(values)
        };
        for number in [0.0, -0.0, 1e-45, -f32::MIN_POSITIVE, 1.45, -100.0] {
            let encoding = only(number).unwrap();
            assert_eq!(encoding.values()[7].to_bits(), number.to_bits());
        }
        for number in [f32::NAN, f32::INFINITY, 100.001, -1e15, 1e30, f32::MIN] {
            assert_eq!(only(number), None, "{number}");
        }
        // Each number is small enough, but the encoding is too long.
        assert_eq!(Encoding::checked([9.0; ENCODING_LEN]), None);
        assert_eq!(Encoding::checked([f32::MAX; ENCODING_LEN]), None);
        // No encoder makes so many numbers.
        assert_eq!(Encoding::checked([0.1; 127]), None);
        // MobileFaceNet's have a length of 1.
        let unit = 1.0 / 192.0_f32.sqrt();
        assert!(Encoding::checked([unit; 192]).is_some());
        for number in [0.0, 0.98 * unit, 1.02 * unit, 0.1, f32::NAN] {
            assert_eq!(Encoding::checked([number; 192]), None, "{number}");
        }
        let [far, opposite] = [8.8, -8.8].map(|n| Encoding::checked([n; ENCODING_LEN]).unwrap());
        assert!(far.distance(&opposite) <= 2.0 * Encoding::MAX_LENGTH);
    }

    #[test]
    fn what_a_damaged_model_makes_is_an_error() {
        let faces = |number: f32| {
            vec![
                Encoding::new([0.1; ENCODING_LEN]),
                Encoding::new([number; ENCODING_LEN]),
            ]
        };
        assert_eq!(check_encodings(faces(0.2)), Ok(faces(0.2)));
        for number in [f32::NAN, 1e30] {
            assert_eq!(
                check_encodings(faces(number)),
                Err(EngineError::BadEncoding(128))
            );
        }
    }

    #[test]
    fn a_face_and_its_mirror_image_have_the_direction_of_their_mean_and_one_length() {
        let numbers = |offset: usize| {
            Encoding::new(std::array::from_fn::<_, ENCODING_LEN, _>(|i| {
                ((i + offset) % 7) as f32 / 40.0 - 0.05
            }))
        };
        let (a, b) = (numbers(0), numbers(3));
        let both = Encoding::of_face_and_mirror(&[a.clone(), b.clone()]);
        let origin = Encoding::new([0.0; ENCODING_LEN]);
        assert!((both.distance(&origin) - 1.45).abs() < 1e-5);
        let factor = both.values()[5] / (a.values()[5] + b.values()[5]);
        for (i, number) in both.values().iter().enumerate() {
            let expected = factor * (a.values()[i] + b.values()[i]);
            assert!((number - expected).abs() < 1e-5);
        }
        assert_eq!(
            Encoding::of_face_and_mirror(&[origin.clone(), origin.clone()]),
            origin
        );
    }
}
