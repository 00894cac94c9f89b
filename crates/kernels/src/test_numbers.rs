//! Numbers and bytes for the tests of the kernels.

/// Returns `count` pseudorandom numbers from -1 to 1, which depend on `seed`.
pub fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0) as f32
    })
    .take(count)
    .collect()
}

/// Returns `count` pseudorandom bytes, which depend on `seed`.
pub fn bytes(count: usize, seed: u32) -> Vec<u8> {
    let numbers = numbers(count, seed).into_iter();
    numbers
        .map(|number| (number * 127.0 + 128.0) as u8)
        .collect()
}
