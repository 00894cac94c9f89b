//! The time-consuming loops of face recognition, each written once for every kind of processor.
//! Input and output: plain slices of numbers.
//!
//! Each kernel has a module. Its head describes the computation; the module checks the shapes and
//! picks the variant. `scalar` is the specification, which every other variant is tested against;
//! `body` is the loop in vectors of any width. The caller passes a [`SimdLevel`], which decides the
//! variant; only the macro `kernel!` distinguishes between levels.
//!
//! This is the only crate of facematch with `unsafe` code: a variant may run if its [`SimdLevel`]
//! exists, and its pointers stay within the slices whose lengths the module has checked, in
//! arithmetic that cannot wrap around. No caller can make a function leave its slices: sizes that
//! do not fit are a panic.

mod aligned_numbers;
pub mod blend_rows;
pub mod convolution;
pub mod depthwise;
pub mod distances;
mod extent;
pub mod filter_bank;
mod finish;
pub mod gradient;
pub mod histogram;
pub mod hog_features;
#[cfg(test)]
mod hostile;
mod lanes;
mod level;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod pixel_lanes;
pub mod resize_rows;
pub mod test_numbers;
pub mod winograd;

pub use aligned_numbers::AlignedNumbers;
pub use finish::Finish;
#[cfg(target_arch = "aarch64")]
pub use level::Neon;
#[cfg(target_arch = "x86_64")]
pub use level::{Avx2, Avx512};
pub use level::{SimdLevel, UnknownLevel};
