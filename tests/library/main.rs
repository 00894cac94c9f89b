//! The library on real photos and models: dlib's own results and those of ONNX Runtime and LiteRT,
//! both engines against each other, the encodings of the sample photos, and the fuzzers' seeds.
//!
//! One test binary, so that the library is linked once.

// The tests show that safe code by itself cannot cause a crash.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is missing by failing"
)]

#[path = "../common/heif.rs"]
#[cfg(feature = "heic")]
mod heif;
#[path = "../common/reference.rs"]
mod reference;

mod chips;
mod detectors;
#[cfg(feature = "dlib")]
mod engines_agree;
mod facade;
#[cfg(all(feature = "cli", feature = "heic", feature = "jxl"))]
mod fuzz_corpus;
mod golden;
#[cfg(feature = "heic")]
mod heic_files;
mod hostile_models;
mod landmarks;
mod mobilefacenet;
mod network;
#[cfg(all(feature = "heic", feature = "jxl"))]
mod newer_formats;
mod retinaface;
mod tiff_kinds;
