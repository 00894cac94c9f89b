//! JPEGs at a reduced DCT scale. In: the bytes of a JPEG, its size and a scale. Out: its components at that scale, as stored.
//!
//! Of each block only the low frequencies are transformed, to as many pixels as the scale leaves of it; the other
//! coefficients are read and forgotten. What photos are is decoded: 8 bits, sequential in one scan or progressive, grey
//! or YCbCr. Everything rare and everything damaged is left to the decoder of full size.

mod bits;
mod header;
mod huffman;
mod pairs;
mod planes;
mod progressive;
mod sequential;
mod transform;

use self::header::Headers;
use self::planes::Layout;
use self::progressive::Coefficients;
use super::MAX_DECODED_BYTES;
use super::component_planes::ComponentPlanes;
use super::scale::DctScale;

/// The JPEG `bytes`, whose header tells `size` (width, height), at `scale`. `None` when it is damaged or rare.
pub(super) fn decode(bytes: &[u8], size: (u32, u32), scale: DctScale) -> Option<ComponentPlanes> {
    let mut headers = Headers::new(bytes)?;
    let scan = headers.next_scan()??;
    let frame = headers.frame.clone()?;
    if (frame.width, frame.height) != size || !frame.is_grey_or_ycbcr() {
        return None;
    }
    let mut layout = Layout::new(&headers, &frame, scale)?;
    if frame.is_progressive {
        let mut coefficients = Coefficients::new(&layout)?;
        coefficients.read(&mut headers, &layout, scan)?;
        coefficients.write(&mut layout)?;
    } else {
        sequential::decode(&headers, &scan, &mut layout)?;
    }
    Some(layout.finish())
}

/// Whether `bytes` is a JPEG within the limits that is decoded at every reduced scale. For the fuzzer and its seeds.
#[doc(hidden)]
pub fn scales_jpeg(bytes: &[u8]) -> bool {
    size(bytes)
        .is_some_and(|size| DctScale::reduced().all(|scale| decode(bytes, size, scale).is_some()))
}

/// The size that the header tells, if it is within the limits.
fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut headers = Headers::new(bytes)?;
    headers.next_scan()??;
    let frame = headers.frame?;
    let (width, height) = (frame.width, frame.height);
    let is_allowed =
        width > 0 && height > 0 && u64::from(width) * u64::from(height) * 3 <= MAX_DECODED_BYTES;
    is_allowed.then_some((width, height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::resize::resize;
    use image::codecs::jpeg::JpegEncoder;
    use image::{DynamicImage, Rgb, RgbImage};

    const SEQUENTIAL: &[u8] =
        include_bytes!("../../../tests/fuzz/seeds/scaled_jpeg/valid-sequential");
    const PROGRESSIVE: &[u8] =
        include_bytes!("../../../tests/fuzz/seeds/scaled_jpeg/valid-progressive");

    fn decoded(bytes: &[u8], size: (u32, u32), scale: DctScale) -> RgbImage {
        let planes = decode(bytes, size, scale).unwrap();
        planes.resized(planes.size()).unwrap()
    }

    fn waves(width: u32, height: u32) -> RgbImage {
        let wave = |at: u32, length: f32| ((at as f32 / length).sin() * 100.0 + 128.0) as u8;
        RgbImage::from_fn(width, height, |x, y| {
            Rgb([wave(x, 31.0), wave(y, 23.0), wave(x + y, 40.0)])
        })
    }

    fn encoded(image: impl Into<DynamicImage>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
        image.into().write_with_encoder(encoder).unwrap();
        bytes
    }

    fn worst_difference(a: &RgbImage, b: &RgbImage) -> u8 {
        assert_eq!(a.dimensions(), b.dimensions());
        let differences = a.iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b));
        differences.max().unwrap()
    }

    #[test]
    fn the_pixels_are_those_of_the_photo_made_smaller() {
        let photo = waves(160, 120);
        let bytes = encoded(photo.clone());
        for scale in DctScale::reduced() {
            let size = (scale.decoded(160), scale.decoded(120));
            let wanted = resize(&photo, size).unwrap();
            let got = decoded(&bytes, (160, 120), scale);
            let worst = worst_difference(&got, &wanted);
            assert!(worst <= 12, "{scale:?}: {worst}");
        }
    }

    #[test]
    fn sides_of_every_length_are_decoded() {
        let sides = [1, 2, 7, 8, 9, 15, 16, 17, 33];
        for (width, height) in sides.into_iter().flat_map(|w| sides.map(|h| (w, h))) {
            let colour = RgbImage::from_pixel(width, height, Rgb([200, 100, 50]));
            let grey = DynamicImage::from(colour.clone()).into_luma8();
            for (image, wanted) in [
                (DynamicImage::from(colour), [200, 100, 50]),
                (DynamicImage::from(grey), [118; 3]),
            ] {
                let bytes = encoded(image);
                for scale in DctScale::reduced() {
                    let got = decoded(&bytes, (width, height), scale);
                    let size = (scale.decoded(width), scale.decoded(height));
                    assert_eq!(got.dimensions(), size);
                    let wanted = RgbImage::from_pixel(size.0, size.1, Rgb(wanted));
                    assert!(
                        worst_difference(&got, &wanted) <= 3,
                        "{width}x{height} {scale:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_progressive_photo_is_that_of_the_same_coefficients_in_one_scan() {
        let size = size(SEQUENTIAL).unwrap();
        for scale in DctScale::reduced() {
            let [one, other] = [SEQUENTIAL, PROGRESSIVE].map(|b| decoded(b, size, scale));
            assert_eq!(one, other, "{scale:?}");
        }
    }

    #[test]
    fn what_is_damaged_or_of_another_size_is_left_to_others() {
        let scale = DctScale::from_eighths(2);
        for bytes in [SEQUENTIAL, PROGRESSIVE] {
            let (width, height) = size(bytes).unwrap();
            assert!(decode(bytes, (width, height + 1), scale).is_none());
            for cut in 0..bytes.len() - 2 {
                assert!(
                    decode(&bytes[..cut], (width, height), scale).is_none(),
                    "cut to {cut}"
                );
            }
        }
    }

    #[test]
    fn any_changed_byte_is_answered() {
        for bytes in [SEQUENTIAL, PROGRESSIVE] {
            for at in 0..bytes.len() {
                for value in [0, 1, 0x11, 0x7F, 0xFF] {
                    let mut changed = bytes.to_vec();
                    changed[at] = value;
                    scales_jpeg(&changed);
                }
            }
        }
    }
}
