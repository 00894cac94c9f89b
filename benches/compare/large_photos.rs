//! Creates 40 JPEG photos of 2 to 12 megapixels for `benches/compare.sh`. Input: a folder of photos
//! and an empty folder. The photos are enlarged, and noise is added, so that they take as many
//! bytes as photos from a camera.

use std::error::Error;
use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};

const PHOTOS: usize = 40;
/// Sizes of the smallest and the largest photo.
const MEGAPIXELS: (f64, f64) = (2.0, 12.0);
/// Largest change of a channel by noise.
const NOISE: i16 = 6;
const QUALITY: u8 = 90;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [source, target] = arguments.as_slice() else {
        return Err("usage: large_photos FOLDER_OF_PHOTOS EMPTY_FOLDER".into());
    };
    let sources = readable_photos(source)?;
    if sources.is_empty() {
        return Err(format!("{}: no photos there", source.display()).into());
    }
    for (index, path) in sources.iter().cycle().take(PHOTOS).enumerate() {
        let share = index as f64 / (PHOTOS - 1) as f64;
        let megapixels = MEGAPIXELS.0 + share * (MEGAPIXELS.1 - MEGAPIXELS.0);
        let photo = enlarged(&image::open(path)?.to_rgb8(), megapixels, index);
        let file = File::create(target.join(format!("{index:02}.jpg")))?;
        photo.write_with_encoder(JpegEncoder::new_with_quality(BufWriter::new(file), QUALITY))?;
    }
    Ok(())
}

/// Returns the images in `folder`, sorted by name.
fn readable_photos(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && image::open(&path).is_ok() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Returns `photo` with this many pixels, and noise from `seed`.
fn enlarged(photo: &RgbImage, megapixels: f64, seed: usize) -> RgbImage {
    let area = f64::from(photo.width()) * f64::from(photo.height());
    let scale = (megapixels * 1e6 / area).sqrt();
    let [width, height] =
        [photo.width(), photo.height()].map(|length| (f64::from(length) * scale).round() as u32);
    let mut large = imageops::resize(photo, width, height, FilterType::CatmullRom);
    let mut state = 0x9e37_79b9_u32 ^ seed as u32;
    for channel in large.iter_mut() {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let noise = (state % (2 * NOISE as u32 + 1)) as i16 - NOISE;
        *channel = (i16::from(*channel) + noise).clamp(0, 255) as u8;
    }
    large
}
