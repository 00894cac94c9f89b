//! The specification: dlib's arithmetic, column by column.

use super::plan::{BodyColumn, Columns, RowPair, TailColumn};

/// Writes the columns of one channel from `first` on.
pub(super) fn resize_from(
    columns: &Columns,
    first: usize,
    pair: RowPair,
    top: &[u8],
    bottom: &[u8],
    out: &mut [u8],
) {
    let (body, tail) = (columns.body(), columns.tail());
    let (in_body, in_tail) = out[..columns.width()].split_at_mut(body.len());
    for (column, out) in body.iter().zip(in_body).skip(first) {
        *out = body_pixel(column, pair, top, bottom);
    }
    for (column, out) in tail
        .iter()
        .zip(in_tail)
        .skip(first.saturating_sub(body.len()))
    {
        *out = tail_pixel(column, pair, top, bottom);
    }
}

fn body_pixel(column: &BodyColumn, pair: RowPair, top: &[u8], bottom: &[u8]) -> u8 {
    let [lower, upper] = [pair.fraction as f32, (1.0 - pair.fraction) as f32];
    let left = column.left;
    let number = |row: &[u8], x: usize| f32::from(row[x]);
    let sum = upper * column.rest * number(top, left)
        + upper * column.fraction * number(top, left + 1)
        + lower * column.rest * number(bottom, left)
        + lower * column.fraction * number(bottom, left + 1);
    sum as u8
}

fn tail_pixel(column: &TailColumn, pair: RowPair, top: &[u8], bottom: &[u8]) -> u8 {
    let across = |row: &[u8]| {
        (1.0 - column.fraction) * f64::from(row[column.left])
            + column.fraction * f64::from(row[column.right])
    };
    let sum = (1.0 - pair.fraction) * across(top) + pair.fraction * across(bottom);
    sum as u8
}
