//! Pictures coded as HEVC, decoded by `heifer-hevc-dec`.

use heifer_hevc_dec::Error;
use heifer_hevc_dec::decoder::{DecodeOptions, decode_picture};

use super::Problem;
use super::colour::{Coding, Planes};
use super::container::Reader;

/// Separator of the units of a stream (ITU-T H.265, annex B).
const START_CODE: [u8; 4] = [0, 0, 0, 1];
/// Bytes of the configuration before the length of lengths.
const PROFILE: u8 = 21;

/// Decodes `data`, a picture of at most `most` pixels, with the parameters in `config`
/// (ISO/IEC 14496-15, 8.3.3).
pub(super) fn decode(config: &[u8], data: &[u8], most: u64) -> Result<Planes, Problem> {
    let mut config = Reader(config);
    let mut stream = Vec::with_capacity(data.len() + 512);
    let mut append = |reader: &mut Reader, length_size: u8| {
        let length = reader.number(length_size)?;
        let length = usize::try_from(length).map_err(|_| Problem::CutOff)?;
        let (unit, rest) = reader.0.split_at_checked(length).ok_or(Problem::CutOff)?;
        reader.0 = rest;
        stream.extend_from_slice(&START_CODE);
        stream.extend_from_slice(unit);
        Ok(())
    };
    for _ in 0..PROFILE {
        config.number(1)?;
    }
    let length_size = (config.number(1)? & 3) as u8 + 1;
    for _ in 0..config.number(1)? {
        config.number(1)?;
        for _ in 0..config.number(2)? {
            append(&mut config, 2)?;
        }
    }
    let mut units = Reader(data);
    while !units.0.is_empty() {
        append(&mut units, length_size)?;
    }
    let options = DecodeOptions {
        max_pixels: most,
        ..DecodeOptions::default()
    };
    let frame = decode_picture(&stream, options).map_err(|error| match error {
        Error::Unimplemented(_) => Problem::Unsupported("of this kind"),
        Error::UnexpectedEof | Error::Invalid(_) | Error::HashMismatch(_) => Problem::Damaged,
    })?;
    let [width, chroma_width, _] = frame.widths;
    let [height, _, _] = frame.heights;
    if frame.bit_depth[0] != frame.bit_depth[1] && chroma_width > 0 {
        return Err(Problem::Unsupported("with colours of another depth"));
    }
    Ok(Planes {
        width,
        visible: (width, height),
        height,
        samples: frame.planes,
        chroma_width,
        shifts: match frame.chroma_format {
            1 => (1, 1),
            2 => (1, 0),
            _ => (0, 0),
        },
        depth: frame.bit_depth[0],
        coding: Coding {
            matrix: frame.matrix_coeffs.into(),
            full_range: frame.full_range,
        },
    })
}
