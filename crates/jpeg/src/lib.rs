//! JPEGs at a DCT scale. Input: the bytes of a JPEG and a scale. Output: its components at that
//! scale, as stored.
//!
//! Only the low frequencies of each block are transformed, to as many pixels as the scale leaves of
//! it; the other coefficients are read and discarded. The decoder reads 8-bit Huffman-coded JPEGs,
//! sequential and progressive, with the components in any number of scans and with any sampling
//! factors. The image data must be complete: missing parts would be grey, and a face search would
//! report "no faces" for a person who is there. The end-of-image marker may be missing.
//!
//! ```no_run
//! use facematch_jpeg::{DctScale, Jpeg};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let bytes = std::fs::read("photo.jpg")?;
//! let jpeg = Jpeg::new(&bytes)?;
//! let scale = DctScale::sufficient(jpeg.size().0, 500);
//! let pixels = facematch_jpeg::decode(&bytes, scale)?;
//! println!("{:?}: {} bytes", pixels.size, pixels.rgb.len());
//! # Ok(())
//! # }
//! ```
//!
//! At full scale the pixels are those of libjpeg-turbo, except for the rounding of chroma with half
//! as many rows (1x2: a difference of 0.2 levels on average). At the other scales they differ from
//! `djpeg -scale` for two reasons. Chroma keeps half of luma's resolution, since these pixels are
//! meant for a copy of at most half their size: a difference of up to 5 levels on average where
//! adjacent pixels differ in colour, and of less than 1 in such a copy. At 2/8 and 4/8
//! libjpeg-turbo averages pixels, while this decoder uses the low frequencies, as both do at the
//! other scales: a difference of up to 0.7 levels.

#![forbid(unsafe_code)]

mod bits;
mod component_planes;
mod error;
mod header;
mod huffman;
mod pairs;
mod planes;
mod progress;
mod progressive;
mod scale;
mod segments;
mod sequential;
mod standard_tables;
mod transform;
mod upsampling;

use self::bits::End;
use self::header::{Frame, Headers, Scan};
use self::planes::Layout;
use self::progress::Progress;
use self::progressive::Coefficients;

pub use self::component_planes::{Colours, ComponentPlanes, Plane};
pub use self::error::JpegError;
pub use self::scale::DctScale;
pub use self::segments::{head, segments};

/// Maximum size of a photo's pixels, or of the coefficients of a progressive one, in bytes.
pub const MAX_DECODED_BYTES: u64 = 512 << 20;

/// Maximum number of scans. Encoders write about ten; each scan costs time for the whole image,
/// even if it has only a few bytes.
const MAX_SCANS: usize = 100;

/// A JPEG whose header has been read, up to its first scan.
pub struct Jpeg<'a> {
    headers: Headers<'a>,
    frame: Frame,
    colours: Colours,
    first: Scan,
}

impl<'a> Jpeg<'a> {
    /// Reads the header of the JPEG `bytes`.
    ///
    /// # Errors
    /// If it is damaged, cut off before its first scan, or of an unsupported kind.
    pub fn new(bytes: &'a [u8]) -> Result<Self, JpegError> {
        let mut headers = Headers::new(bytes)?;
        let first = headers
            .next_scan()?
            .ok_or(JpegError::Damaged("it has no image data"))?;
        let frame = headers
            .frame
            .clone()
            .ok_or(JpegError::Damaged("it has no frame header"))?;
        let colours = headers.colours(&frame)?;
        Ok(Self {
            headers,
            frame,
            colours,
            first,
        })
    }

    /// Returns width and height in pixels, as stored.
    pub fn size(&self) -> (u32, u32) {
        (self.frame.width, self.frame.height)
    }

    /// Returns the contents of the APP1 segments before the first scan: EXIF and XMP, each after a
    /// prefix that identifies it.
    pub fn app1_segments(&self) -> &[&'a [u8]] {
        &self.headers.app1
    }

    /// Returns whether the sampling factors are common in photos. With other factors, the pixels at
    /// a reduced scale differ from those of libjpeg.
    pub fn has_usual_sampling(&self) -> bool {
        let mut factors = self.frame.components.iter().map(|c| c.sampling);
        let luma = factors.next().unwrap_or((1, 1));
        luma.0 <= 2 && luma.1 <= 2 && factors.all(|chroma| chroma == (1, 1) || chroma == luma)
    }

    /// Decodes the photo at `scale`.
    ///
    /// # Errors
    /// If it is damaged, cut off, or takes more than [`MAX_DECODED_BYTES`].
    pub fn decode(mut self, scale: DctScale) -> Result<ComponentPlanes, JpegError> {
        let bytes = u64::from(self.frame.width) * u64::from(self.frame.height) * 3;
        if bytes > MAX_DECODED_BYTES {
            return Err(JpegError::TooLarge { bytes });
        }
        let mut layout = Layout::new(&self.frame, self.colours, scale)
            .ok_or(JpegError::Damaged("its frame header is not valid"))?;
        let is_progressive = self.frame.is_progressive;
        let mut coefficients = is_progressive
            .then(|| Coefficients::new(&layout))
            .transpose()?;
        let mut progress = Progress::new(self.frame.components.len());
        let mut scan = self.first;
        for _ in 0..MAX_SCANS {
            progress.add(&scan, is_progressive)?;
            layout
                .keep_quantisation(&self.headers, &scan)
                .ok_or(JpegError::Damaged("a quantisation table is missing"))?;
            let end = match &mut coefficients {
                Some(coefficients) => coefficients.read_scan(&self.headers, &layout, &scan),
                None => sequential::decode(&self.headers, &scan, &mut layout),
            };
            let Some(end) = end else {
                return Err(damaged_scan(&mut self.headers, &scan));
            };
            self.headers.continue_at(end.next);
            let next = if progress.is_complete() {
                check_end(&mut self.headers, end)?;
                None
            } else {
                self.headers.next_scan()?
            };
            match next {
                Some(next) => scan = next,
                None => {
                    progress.check_components()?;
                    if let Some(coefficients) = coefficients {
                        coefficients
                            .write(&mut layout)
                            .ok_or(JpegError::Damaged("a component is missing"))?;
                    }
                    return Ok(layout.finish());
                }
            }
        }
        Err(JpegError::Damaged("it has too many scans"))
    }
}

/// Returns the reason why `scan` could not be decoded.
fn damaged_scan(headers: &mut Headers, scan: &Scan) -> JpegError {
    if headers.has_marker_after(scan.start) {
        JpegError::Damaged("its image data is not valid")
    } else {
        JpegError::CutOff
    }
}

/// Checks the data after `end`, where the bits of a complete image end. An end-of-image marker
/// shows that the file was written to its end. Without one, the last bits may have been decoded
/// from the data after a cut-off scan.
fn check_end(headers: &mut Headers, end: End) -> Result<(), JpegError> {
    if headers.is_at_end_of_image() || end.is_certain {
        return Ok(());
    }
    Err(JpegError::CutOff)
}

/// The pixels of a decoded photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RgbPixels {
    /// Width and height.
    pub size: (u32, u32),
    /// Red, green and blue of each pixel, 0 to 255, row by row.
    pub rgb: Vec<u8>,
}

/// Decodes the JPEG `bytes` at `scale` to RGB.
///
/// # Errors
/// Those of [`Jpeg::new`] and [`Jpeg::decode`].
pub fn decode(bytes: &[u8], scale: DctScale) -> Result<RgbPixels, JpegError> {
    let planes = Jpeg::new(bytes)?.decode(scale)?;
    let rgb = planes.to_rgb().filter(|rgb| !rgb.is_empty());
    Ok(RgbPixels {
        size: planes.size(),
        rgb: rgb.ok_or(JpegError::Damaged("it has no pixels"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;
    use image::imageops::{FilterType, resize};
    use image::{DynamicImage, Rgb, RgbImage};

    const SEQUENTIAL: &[u8] =
        include_bytes!("../../../tests/fuzz/seeds/scaled_jpeg/valid-sequential");
    const PROGRESSIVE: &[u8] =
        include_bytes!("../../../tests/fuzz/seeds/scaled_jpeg/valid-progressive");
    const RESTARTS: &[u8] = include_bytes!("../../../tests/fuzz/seeds/scaled_jpeg/valid-restarts");
    const SEPARATE: &[u8] =
        include_bytes!("../../../tests/fuzz/seeds/scaled_jpeg/valid-separate-scans");

    fn decode_at(bytes: &[u8], eighths: u32) -> Result<RgbImage, JpegError> {
        let pixels = decode(bytes, DctScale::from_eighths(eighths).unwrap())?;
        Ok(RgbImage::from_raw(pixels.size.0, pixels.size.1, pixels.rgb).unwrap())
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
        for scale in DctScale::all() {
            let size = (scale.decoded(160), scale.decoded(120));
            let wanted = resize(&photo, size.0, size.1, FilterType::CatmullRom);
            let got = decode_at(&bytes, scale.eighths()).unwrap();
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
                for scale in DctScale::all() {
                    let got = decode_at(&bytes, scale.eighths()).unwrap();
                    let size = (scale.decoded(width), scale.decoded(height));
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
    fn the_order_of_scans_does_not_change_the_pixels() {
        for eighths in 1..=8 {
            let [one, two, three] =
                [SEQUENTIAL, PROGRESSIVE, SEPARATE].map(|bytes| decode_at(bytes, eighths).unwrap());
            assert_eq!(one, two, "{eighths}/8");
            assert_eq!(one, three, "{eighths}/8");
        }
    }

    #[test]
    fn a_missing_end_of_image_marker_is_no_loss() {
        for bytes in [SEQUENTIAL, PROGRESSIVE, RESTARTS, SEPARATE] {
            let wanted = decode_at(bytes, 8).unwrap();
            let complete = bytes.strip_suffix(&[0xFF, 0xD9]).unwrap();
            let trailers: [&[u8]; 6] = [
                b"",
                &[0xFF],
                &[0; 1000],
                &[0xFF; 1000],
                b"\0\0\x08\x0bImage_UTC_Data1600000000000SEFHk\0\0\0SEFT",
                &SEQUENTIAL[..100],
            ];
            for trailer in trailers {
                let got = decode_at(&[complete, trailer].concat(), 8);
                assert_eq!(got.as_ref(), Ok(&wanted), "{trailer:?}");
            }
        }
    }

    #[test]
    fn every_cut_is_noticed_whatever_follows() {
        let text = "Quite a long text that is no image data at all. ".repeat(500);
        for bytes in [SEQUENTIAL, PROGRESSIVE, RESTARTS, SEPARATE] {
            let length = bytes.len() - 2;
            for cut in 0..length {
                let cut_off = decode_at(&bytes[..cut], 8);
                assert!(cut_off.is_err(), "cut to {cut} of {length}");
                let zeros = decode_at(&[&bytes[..cut], &[0; 20_000]].concat(), 8);
                assert!(zeros.is_err(), "cut to {cut} of {length}, then zeros");
            }
            // Text may be taken for the last few blocks.
            for cut in 0..length / 2 {
                let followed = decode_at(&[&bytes[..cut], text.as_bytes()].concat(), 8);
                assert!(followed.is_err(), "cut to {cut} of {length}, then text");
            }
        }
    }

    #[test]
    fn a_frame_of_motion_jpeg_needs_no_huffman_tables() {
        let photo = encoded(waves(40, 30));
        let mut frame = photo.clone();
        while let Some(table) = frame.windows(2).position(|w| w == [0xFF, 0xC4]) {
            let length = usize::from(frame[table + 2]) << 8 | usize::from(frame[table + 3]);
            frame.drain(table..table + 2 + length);
        }
        assert!(frame.len() < photo.len());
        assert_eq!(decode_at(&frame, 8), decode_at(&photo, 8));
    }

    #[test]
    fn a_missing_component_is_an_error() {
        // Omits all scans but the first.
        let scan = SEPARATE
            .windows(2)
            .rposition(|w| w == [0xFF, 0xDA])
            .unwrap();
        let without_last = [&SEPARATE[..scan], &[0xFF, 0xD9]].concat();
        let error = decode_at(&without_last, 8).unwrap_err();
        assert_eq!(
            error,
            JpegError::Damaged("the scan of a component is missing")
        );
    }

    #[test]
    fn any_changed_byte_is_answered() {
        for bytes in [SEQUENTIAL, PROGRESSIVE, SEPARATE] {
            for at in 0..bytes.len() {
                for value in [0, 1, 0x11, 0x7F, 0xFF] {
                    let mut changed = bytes.to_vec();
                    changed[at] = value;
                    for eighths in [1, 8] {
                        let _ = decode_at(&changed, eighths);
                    }
                }
            }
        }
    }
}
