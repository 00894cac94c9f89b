//! The loops that take the time, each written once for every kind of processor. In come plain slices of numbers, out
//! come plain slices of numbers.
//!
//! Each kernel has a folder: `mod.rs` says what it computes, checks the shapes and picks the variant; `scalar.rs` is
//! the specification, which every other variant is tested against; `avx2.rs`, `avx512.rs` and `neon.rs` are the fast
//! ones. Which of them runs is decided by a [`SimdLevel`] that the caller hands down.
//!
//! This is the only place of the native engine with `unsafe` code: a variant may run where its [`SimdLevel`] exists,
//! and its pointers stay within the slices whose lengths `mod.rs` has checked, in arithmetic that cannot wrap around
//! ([`extent`]). No function can be made to leave its slices: what does not fit is a panic.
#![allow(
    unsafe_code,
    reason = "vector instructions; each block says why it is sound"
)]

mod aligned_numbers;
pub(crate) mod convolution;
pub(crate) mod distances;
mod extent;
pub(crate) mod filter_bank;
mod finish;
pub(crate) mod gradient;
pub(crate) mod histogram;
pub(crate) mod hog_features;
#[cfg(test)]
mod hostile;
pub(crate) mod lanes;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) mod pixel_lanes;
pub(crate) mod resize_rows;
mod simd;
#[cfg(test)]
pub(crate) mod test_numbers;
pub(crate) mod winograd;
#[cfg(feature = "bench-internals")]
pub mod workloads;

pub(crate) use aligned_numbers::AlignedNumbers;
pub(crate) use finish::Finish;
#[cfg(target_arch = "aarch64")]
pub(crate) use simd::Neon;
pub use simd::SimdLevel;
#[cfg(target_arch = "x86_64")]
pub(crate) use simd::{Avx2, Avx512};
