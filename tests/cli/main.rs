//! The program as users see it: exit codes, results in every form, messages, files.
//!
//! One test binary, so that the engine is linked once. Comparisons of distances and boxes have a
//! tolerance, since another machine's vector instructions round differently.

#![cfg(feature = "cli")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what is missing by failing"
)]

#[path = "../common/mod.rs"]
mod common;

mod caching;
mod checking;
mod choosing;
#[cfg(target_os = "linux")]
mod columns;
mod composite_photos;
mod consumers;
mod deciding;
mod detectors;
mod documents;
mod embedding;
mod encoders;
mod engines;
mod enrolling;
mod evaluating;
mod evaluation_photos;
#[cfg(unix)]
mod file_systems;
mod formats;
mod hostile;
mod jpegs;
mod messages;
#[cfg(target_os = "linux")]
mod moving;
mod names;
mod orientation;
mod orientation_variants;
mod overwriting;
#[cfg(all(feature = "heic", feature = "jxl"))]
mod photo_formats;
mod pictures;
#[cfg(target_os = "linux")]
mod preprocessing;
mod quality;
mod raw_files;
mod readme;
#[cfg(unix)]
mod refused_writes;
mod results;
mod similar_names;
mod sorting;
#[cfg(unix)]
mod sorting_files;
mod sorting_shots;
mod tagged_people;
mod tagging;
mod tagging_formats;
mod tagging_tools;
mod tagging_tools_embedding;
mod tagging_tools_taken_over;
#[cfg(target_os = "linux")]
mod threads;
mod tiff_images;
mod turning;
mod updating;
mod usage;
