//! The loop of all vector levels.

use super::plan::{Columns, GROUP, Group, REACH, RowPair};
use crate::pixel_lanes::PixelLanes;

/// Shares of the two rows, in every lane.
#[derive(Clone, Copy)]
struct RowShares<V> {
    upper: V,
    lower: V,
}

/// Writes the columns of all groups and returns their number.
#[inline(always)]
pub(super) fn resize_groups<L: PixelLanes>(
    simd: L,
    columns: &Columns,
    pair: RowPair,
    top: [&[u8]; 3],
    bottom: [&[u8]; 3],
    out: &mut [&mut [u8]; 3],
) -> usize {
    let shares = RowShares {
        upper: simd.splat((1.0 - pair.fraction) as f32),
        lower: simd.splat(pair.fraction as f32),
    };
    for group in columns.groups() {
        let sources: [_; 3] = std::array::from_fn(|channel| {
            [top[channel], bottom[channel]].map(|row| reach_of(row, group))
        });
        for part in (0..GROUP).step_by(L::COUNT) {
            let weights = weights(simd, group, part, shares);
            for (rows, out) in sources.iter().zip(&mut *out) {
                let pixels = interpolated(simd, group, part, weights, *rows);
                simd.store_bytes(&mut out[group.first + part..], pixels);
            }
        }
    }
    columns.grouped()
}

/// Returns the bytes of `row` that `group` can reach.
#[inline(always)]
fn reach_of<'a>(row: &'a [u8], group: &Group) -> &'a [u8; REACH] {
    let (reach, _) = row[group.base..][..REACH].as_chunks();
    &reach[0]
}

/// Returns the shares of the four neighbours (top left, top right, bottom left, bottom right) for
/// the columns of `group` from `part` on.
#[inline(always)]
fn weights<L: PixelLanes>(
    simd: L,
    group: &Group,
    part: usize,
    shares: RowShares<L::Vector>,
) -> [L::Vector; 4] {
    let rest = simd.load(&group.rests[part..]);
    let fraction = simd.load(&group.fractions[part..]);
    [
        simd.multiply(shares.upper, rest),
        simd.multiply(shares.upper, fraction),
        simd.multiply(shares.lower, rest),
        simd.multiply(shares.lower, fraction),
    ]
}

/// Returns the columns of one channel from `part` on; `rows` are the parts of both rows that the
/// group can reach.
#[inline(always)]
fn interpolated<L: PixelLanes>(
    simd: L,
    group: &Group,
    part: usize,
    weights: [L::Vector; 4],
    [top, bottom]: [&[u8; REACH]; 2],
) -> L::Vector {
    let (lefts, rights) = (&group.lefts[part..], &group.rights[part..]);
    let sum = simd.multiply(weights[0], simd.pick(top, lefts));
    let sum = simd.add(sum, simd.multiply(weights[1], simd.pick(top, rights)));
    let sum = simd.add(sum, simd.multiply(weights[2], simd.pick(bottom, lefts)));
    simd.add(sum, simd.multiply(weights[3], simd.pick(bottom, rights)))
}
