//! The loop of all vector levels.

use super::plan::{Columns, GROUP, Group, RowPair};
use crate::engine::native::kernels::pixel_lanes::PixelLanes;

/// The shares of the two rows, in every lane.
#[derive(Clone, Copy)]
struct RowShares<V> {
    upper: V,
    lower: V,
}

/// Writes the columns of all groups; returns how many they are.
///
/// # Safety
/// Each row of the source must be as long as the widest group reaches: the source's width and 16 bytes more. Each row
/// of the result must have room for all groups.
#[inline(always)]
pub(super) unsafe fn resize_groups<L: PixelLanes>(
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
        for part in (0..GROUP).step_by(L::COUNT) {
            // SAFETY: as demanded of the caller; `part` and the lanes after it lie within the group.
            unsafe {
                let weights = weights(simd, group, part, shares);
                for channel in 0..3 {
                    let top = top[channel].as_ptr().add(group.base);
                    let bottom = bottom[channel].as_ptr().add(group.base);
                    let pixels = interpolated(simd, group, part, weights, [top, bottom]);
                    let to = out[channel].as_mut_ptr().add(group.first + part);
                    simd.store_bytes(to, pixels);
                }
            }
        }
    }
    columns.grouped()
}

/// The shares of the four neighbours: top left, top right, bottom left, bottom right.
///
/// # Safety
/// The group must have `COUNT` columns from `part` on.
#[inline(always)]
unsafe fn weights<L: PixelLanes>(
    simd: L,
    group: &Group,
    part: usize,
    shares: RowShares<L::Vector>,
) -> [L::Vector; 4] {
    // SAFETY: as demanded of the caller.
    let (rest, fraction) = unsafe {
        (
            simd.load(group.rests.as_ptr().add(part)),
            simd.load(group.fractions.as_ptr().add(part)),
        )
    };
    [
        simd.multiply(shares.upper, rest),
        simd.multiply(shares.upper, fraction),
        simd.multiply(shares.lower, rest),
        simd.multiply(shares.lower, fraction),
    ]
}

/// The columns of one channel from `part` on; `rows` point to the group's first source pixel in both rows.
///
/// # Safety
/// The group must have `COUNT` columns from `part` on, and 16 bytes must be readable of both rows.
#[inline(always)]
unsafe fn interpolated<L: PixelLanes>(
    simd: L,
    group: &Group,
    part: usize,
    weights: [L::Vector; 4],
    rows: [*const u8; 2],
) -> L::Vector {
    // SAFETY: as demanded of the caller; a place is one of 16 bytes.
    let [top_left, top_right, bottom_left, bottom_right] = unsafe {
        let lefts = group.lefts.as_ptr().add(part);
        let rights = group.rights.as_ptr().add(part);
        [
            simd.pick(rows[0], lefts),
            simd.pick(rows[0], rights),
            simd.pick(rows[1], lefts),
            simd.pick(rows[1], rights),
        ]
    };
    let sum = simd.multiply(weights[0], top_left);
    let sum = simd.add(sum, simd.multiply(weights[1], top_right));
    let sum = simd.add(sum, simd.multiply(weights[2], bottom_left));
    simd.add(sum, simd.multiply(weights[3], bottom_right))
}
