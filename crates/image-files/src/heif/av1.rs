//! Pictures coded as AV1, decoded by `re_rav1d`.

use re_rav1d::dav1d::{Decoder, PixelLayout, PlanarImageComponent, Settings};
use re_rav1d::dav1d::{Picture, pixel};

use super::Problem;
use super::colour::{Coding, Planes};

/// Decodes `data`, a picture of at most `most` pixels.
pub(super) fn decode(data: Vec<u8>, most: u64) -> Result<Planes, Problem> {
    let mut settings = Settings::new();
    // Photos are decoded in parallel.
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_frame_size_limit(u32::try_from(most).unwrap_or(u32::MAX));
    // Of a picture in several qualities, only the best one.
    settings.set_all_layers(false);
    let mut decoder = Decoder::with_settings(&settings).map_err(|_| Problem::Damaged)?;
    decoder
        .send_data(data, None, None, None)
        .map_err(|_| Problem::Damaged)?;
    let picture = decoder.get_picture().map_err(|_| Problem::Damaged)?;
    planes(&picture)
}

fn planes(picture: &Picture) -> Result<Planes, Problem> {
    let (width, height) = (picture.width(), picture.height());
    let shifts = match picture.pixel_layout() {
        PixelLayout::I420 => (1, 1),
        PixelLayout::I422 => (1, 0),
        PixelLayout::I444 | PixelLayout::I400 => (0, 0),
    };
    let depth = u8::try_from(picture.bit_depth()).map_err(|_| Problem::Damaged)?;
    let chroma = (
        width.div_ceil(1 << shifts.0),
        height.div_ceil(1 << shifts.1),
    );
    let samples = |component, (width, height)| samples(picture, component, width, height, depth);
    let samples = match picture.pixel_layout() {
        PixelLayout::I400 => [
            samples(PlanarImageComponent::Y, (width, height))?,
            Vec::new(),
            Vec::new(),
        ],
        _ => [
            samples(PlanarImageComponent::Y, (width, height))?,
            samples(PlanarImageComponent::U, chroma)?,
            samples(PlanarImageComponent::V, chroma)?,
        ],
    };
    Ok(Planes {
        width,
        height,
        visible: (width, height),
        samples,
        chroma_width: chroma.0,
        shifts,
        depth,
        coding: Coding {
            matrix: matrix(picture),
            full_range: picture.color_range() == pixel::YUVRange::Full,
        },
    })
}

/// Returns the number in H.273 of the picture's matrix.
fn matrix(picture: &Picture) -> u16 {
    match picture.matrix_coefficients() {
        pixel::MatrixCoefficients::Identity => 0,
        pixel::MatrixCoefficients::BT709 => 1,
        pixel::MatrixCoefficients::Unspecified => 2,
        pixel::MatrixCoefficients::BT470M => 4,
        pixel::MatrixCoefficients::BT470BG | pixel::MatrixCoefficients::ST170M => 6,
        pixel::MatrixCoefficients::ST240M => 7,
        pixel::MatrixCoefficients::BT2020NonConstantLuminance => 9,
        _ => u16::MAX,
    }
}

/// Returns the samples of one plane without the bytes after each row.
fn samples(
    picture: &Picture,
    component: PlanarImageComponent,
    width: u32,
    height: u32,
    depth: u8,
) -> Result<Vec<u16>, Problem> {
    let plane = picture.plane(component);
    let (stride, width) = (picture.stride(component) as usize, width as usize);
    let mut samples = Vec::with_capacity(width * height as usize);
    for row in plane.chunks(stride.max(1)).take(height as usize) {
        if depth == 8 {
            samples.extend(row.iter().take(width).map(|&sample| u16::from(sample)));
        } else {
            let row = row.chunks_exact(2).take(width);
            samples.extend(row.map(|bytes| u16::from_ne_bytes([bytes[0], bytes[1]])));
        }
    }
    match samples.len() == width * height as usize {
        true => Ok(samples),
        false => Err(Problem::Damaged),
    }
}
