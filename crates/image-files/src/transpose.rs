//! Transposition of a plane of bytes.

/// Side of the squares that are transposed at a time: a row of one fits into a `u64`.
const SIDE: usize = 8;

/// Writes the `width` columns of `pixels` as rows to `columns`. Bytes after the last complete row
/// are ignored.
pub(crate) fn transpose(pixels: &[u8], width: usize, columns: &mut Vec<u8>) {
    let height = pixels.len().checked_div(width).unwrap_or(0);
    columns.resize(width * height, 0);
    let (whole_width, whole_height) = (width - width % SIDE, height - height % SIDE);
    for x in (0..whole_width).step_by(SIDE) {
        for y in (0..whole_height).step_by(SIDE) {
            let rows = square(std::array::from_fn(|row| {
                read(&pixels[(y + row) * width + x..])
            }));
            for (column, number) in rows.into_iter().enumerate() {
                let start = (x + column) * height + y;
                columns[start..start + SIDE].copy_from_slice(&number.to_le_bytes());
            }
        }
    }
    let rest_of_rows = (0..whole_height).flat_map(|y| (whole_width..width).map(move |x| (x, y)));
    let rest_of_columns = (whole_height..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    for (x, y) in rest_of_rows.chain(rest_of_columns) {
        columns[x * height + y] = pixels[y * width + x];
    }
}

fn read(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Returns the square with rows and columns swapped: first halves, then quarters, then single bytes
/// are swapped.
fn square(mut rows: [u64; SIDE]) -> [u64; SIDE] {
    for (distance, mask) in [
        (4, 0x0000_0000_FFFF_FFFF),
        (2, 0x0000_FFFF_0000_FFFF),
        (1, 0x00FF_00FF_00FF_00FF_u64),
    ] {
        for upper in (0..SIDE).filter(|row| row & distance == 0) {
            let (a, b) = (rows[upper], rows[upper + distance]);
            let shift = 8 * distance;
            rows[upper] = (a & mask) | (b & mask) << shift;
            rows[upper + distance] = (a >> shift & mask) | (b & !mask);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_become_columns(width in 0..40_usize, height in 0..40_usize, seed: u8) {
            let pixels: Vec<u8> = (0..width * height).map(|at| (at * 7) as u8 ^ seed).collect();
            let mut columns = vec![0; 7];
            transpose(&pixels, width, &mut columns);
            prop_assert_eq!(columns.len(), pixels.len());
            for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                prop_assert_eq!(columns[x * height + y], pixels[y * width + x]);
            }
        }
    }
}
