//! The engine in pure Rust: dlib's results without dlib, RetinaFace and MobileFaceNet. Input:
//! images and models. Output: detections, landmarks and encodings; with dlib's models those that
//! dlib would give.
//!
//! Every file for dlib's models names the header that it follows. If dlib computes in `float`, so
//! does this engine, and sums run in dlib's order, because the last digit of a number can lead a
//! decision tree to another branch.

mod detectors;
mod encoders;
mod engine;
pub mod hog;
pub mod landmarks;
mod lazy;
pub mod mmod;
pub mod mobilefacenet;
mod network;
mod overlap;
mod pyramid;
pub mod resnet;
pub mod retinaface;

pub use engine::NativeEngine;
