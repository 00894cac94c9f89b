//! The kernels of facematch with their tests, and of the rest of the library only the few types that they name.

#![allow(
    dead_code,
    unused_imports,
    reason = "what uses the kernels is missing here"
)]

#[path = "../../src/engine/native/kernels/mod.rs"]
pub mod kernels;

pub mod engine {
    pub const ENCODING_LEN: usize = 128;

    pub mod models {
        pub mod network {
            #[derive(Debug)]
            pub struct Convolution {
                pub filters: usize,
                pub channels: usize,
                pub rows: usize,
                pub columns: usize,
                pub stride: usize,
                pub padding: usize,
                pub weights: Vec<f32>,
                pub bias: Vec<f32>,
            }
        }

        pub mod hog_filters {
            pub const PLANES: usize = 31;
            pub const FILTER: usize = 10;

            #[derive(Debug, Clone)]
            pub struct SeparableFilter {
                pub plane: usize,
                pub row: [f32; FILTER],
                pub column: [f32; FILTER],
            }
        }
    }

    pub mod native {
        pub use crate::kernels;
    }
}

pub mod error {
    use std::fmt;

    #[derive(Debug)]
    pub enum Error {
        SimdLevel(String),
    }

    impl fmt::Display for Error {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let Self::SimdLevel(message) = self;
            f.write_str(message)
        }
    }
}
