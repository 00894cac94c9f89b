//! The engine in pure Rust, as far as it is built: what dlib does, without dlib. In come images and the bytes of dlib's
//! models, out come the detections, landmarks and encodings that dlib would give.
//!
//! Every file names the header of dlib that it follows. Where dlib computes in `float`, so does this, and sums run in
//! dlib's order, because a decision tree turns the last digit of a number into another branch.

pub mod kernels;
pub mod landmarks;
mod network;
pub mod resnet;
