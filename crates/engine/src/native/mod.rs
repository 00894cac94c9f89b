//! The engine in pure Rust: what dlib does, without dlib. In come images and dlib's models, out come the detections,
//! landmarks and encodings that dlib would give.
//!
//! Every file names the header of dlib that it follows. Where dlib computes in `float`, so does this, and sums run in
//! dlib's order, because a decision tree turns the last digit of a number into another branch.

mod detectors;
mod engine;
pub mod hog;
pub mod landmarks;
mod lazy;
pub mod mmod;
mod network;
mod overlap;
mod pyramid;
pub mod resnet;

pub use engine::NativeEngine;
