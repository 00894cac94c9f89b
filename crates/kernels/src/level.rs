//! The choice of vector instructions for the kernels. Input: nothing, or the name of a level.
//! Output: a [`SimdLevel`] that this processor has.

use std::env::{self, VarError};
use std::error::Error;
use std::fmt;

/// Environment variable that forces a level.
const VARIABLE: &str = "FACEMATCH_SIMD";

/// The vector instructions that the kernels use. A value other than `Scalar` exists only if the
/// processor has them.
///
/// All levels give the same faces and, except for the last digits, the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SimdLevel {
    /// Plain Rust, for every processor. It defines what the other levels must compute.
    Scalar,
    /// 8 numbers at a time: x86-64 processors since 2013 (Intel) and 2015 (AMD).
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    /// 16 numbers at a time, and twice the registers.
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
    /// 4 numbers at a time: every 64-bit ARM processor.
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
}

/// Proof that the processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Avx2(());

/// Proof that the processor has AVX-512 F, BW, CD, DQ and VL besides AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Avx512(());

/// Proof that the processor has NEON.
#[cfg(target_arch = "aarch64")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neon(());

#[cfg(target_arch = "x86_64")]
impl Avx2 {
    fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        found.then_some(Self(()))
    }
}

#[cfg(target_arch = "x86_64")]
impl Avx512 {
    fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        Avx2::detect().filter(|_| found).map(|_| Self(()))
    }

    /// Returns the proof for AVX2, for kernels that gain nothing from wider vectors.
    pub fn avx2(self) -> Avx2 {
        Avx2(())
    }
}

#[cfg(target_arch = "aarch64")]
impl Neon {
    fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

impl SimdLevel {
    /// Names of all levels, on any processor.
    const NAMES: [&str; 4] = ["scalar", "avx2", "avx512", "neon"];

    /// Returns the levels of this processor, slowest first.
    pub fn available() -> Vec<Self> {
        let scalar = [Some(Self::Scalar)];
        #[cfg(target_arch = "x86_64")]
        let vectors = [
            Avx2::detect().map(Self::Avx2),
            Avx512::detect().map(Self::Avx512),
        ];
        #[cfg(target_arch = "aarch64")]
        let vectors = [Neon::detect().map(Self::Neon)];
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let vectors = [];
        scalar.into_iter().chain(vectors).flatten().collect()
    }

    /// Returns the fastest level of this processor.
    pub fn best() -> Self {
        Self::available().pop().unwrap_or(Self::Scalar)
    }

    /// Returns the level that the environment variable `FACEMATCH_SIMD` names (`scalar`, `avx2`,
    /// `avx512` or `neon`), or the best one if it is unset or empty.
    ///
    /// # Errors
    /// [`UnknownLevel`] if it names no level, or one that this processor does not have.
    pub fn from_environment() -> Result<Self, UnknownLevel> {
        match env::var(VARIABLE) {
            Ok(name) if !name.is_empty() => Self::named(&name, &Self::available()),
            Ok(_) | Err(VarError::NotPresent) => Ok(Self::best()),
            Err(VarError::NotUnicode(name)) => {
                Self::named(&name.to_string_lossy(), &Self::available())
            }
        }
    }

    /// Returns the level with that name, if it is `available`.
    fn named(name: &str, available: &[Self]) -> Result<Self, UnknownLevel> {
        if let Some(level) = available.iter().find(|level| level.name() == name) {
            return Ok(*level);
        }
        let names: Vec<_> = available.iter().map(|level| level.name()).collect();
        let choice = names.join(", ");
        Err(UnknownLevel(if Self::NAMES.contains(&name) {
            format!("{VARIABLE}={name}: this processor has no {name}; it has {choice}")
        } else {
            format!("{VARIABLE}={name}: no such level; this processor has {choice}")
        }))
    }

    /// Returns `scalar`, `avx2`, `avx512` or `neon`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => "avx512",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "neon",
        }
    }
}

/// Error for a `FACEMATCH_SIMD` that names no vector instructions of this processor. The text lists
/// the available ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownLevel(String);

impl fmt::Display for UnknownLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for UnknownLevel {}

impl fmt::Display for SimdLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Defines a kernel: a function that takes a [`SimdLevel`] before its arguments and runs the
/// variant of that level, compiled with the level's instructions. A variant is a safe function that
/// takes the proof of its level and the arguments; `scalar` takes only the arguments. A kernel that
/// gains nothing from AVX-512 names no variant for it and uses the AVX2 variant.
macro_rules! kernel {
    (
        fn $name:ident($($argument:ident: $type:ty),*) $(-> $output:ty)?;
        scalar: $scalar:expr,
        avx2: $avx2:expr,
        neon: $neon:expr,
    ) => {
        $crate::level::kernel! {
            @ fn $name($($argument: $type),*) $(-> $output)?;
            $scalar, $avx2, $neon, ($avx2, $crate::Avx2, "avx2,fma"), avx2, $crate::Avx512::avx2
        }
    };
    (
        fn $name:ident($($argument:ident: $type:ty),*) $(-> $output:ty)?;
        scalar: $scalar:expr,
        avx2: $avx2:expr,
        avx512: $avx512:expr,
        neon: $neon:expr,
    ) => {
        $crate::level::kernel! {
            @ fn $name($($argument: $type),*) $(-> $output)?;
            $scalar, $avx2, $neon,
            ($avx512, $crate::Avx512, "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma"),
            avx512, std::convert::identity
        }
    };
    (
        @ fn $name:ident($($argument:ident: $type:ty),*) $(-> $output:ty)?;
        $scalar:expr, $avx2:expr, $neon:expr,
        ($avx512:expr, $wide:ty, $features:literal), $widest:ident, $narrowed:path
    ) => {
        fn $name(level: $crate::SimdLevel, $($argument: $type),*) $(-> $output)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2(simd: $crate::Avx2, $($argument: $type),*) $(-> $output)? {
                $avx2(simd, $($argument),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = $features)]
            #[allow(dead_code, reason = "the kernel may take the variant of AVX2")]
            fn avx512(simd: $wide, $($argument: $type),*) $(-> $output)? {
                $avx512(simd, $($argument),*)
            }
            #[cfg(target_arch = "aarch64")]
            #[target_feature(enable = "neon")]
            fn neon(simd: $crate::Neon, $($argument: $type),*) $(-> $output)? {
                $neon(simd, $($argument),*)
            }
            match level {
                $crate::SimdLevel::Scalar => $scalar($($argument),*),
                // SAFETY: `simd` proves that the processor has AVX2 and FMA, which is all that this
                // safe function requires.
                #[cfg(target_arch = "x86_64")]
                $crate::SimdLevel::Avx2(simd) => unsafe { avx2(simd, $($argument),*) },
                // SAFETY: `simd` proves that the processor has AVX-512, which includes AVX2 and
                // FMA.
                #[cfg(target_arch = "x86_64")]
                $crate::SimdLevel::Avx512(simd) => unsafe { $widest($narrowed(simd), $($argument),*) },
                // SAFETY: `simd` proves that the processor has NEON, which is all that this safe
                // function requires.
                #[cfg(target_arch = "aarch64")]
                $crate::SimdLevel::Neon(simd) => unsafe { neon(simd, $($argument),*) },
            }
        }
    };
}
pub(crate) use kernel;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalar_is_available_everywhere_and_the_best_level_is_the_last() {
        let available = SimdLevel::available();
        assert_eq!(available[0], SimdLevel::Scalar);
        assert_eq!(available.last(), Some(&SimdLevel::best()));
        for level in &available {
            assert_eq!(SimdLevel::named(level.name(), &available).unwrap(), *level);
        }
    }

    #[test]
    fn an_unknown_or_missing_level_is_refused_with_the_choice() {
        let message = |name| {
            let error = SimdLevel::named(name, &[SimdLevel::Scalar]).unwrap_err();
            error.to_string()
        };
        assert_eq!(
            message("sse2"),
            "FACEMATCH_SIMD=sse2: no such level; this processor has scalar"
        );
        assert_eq!(
            message("avx2"),
            "FACEMATCH_SIMD=avx2: this processor has no avx2; it has scalar"
        );
    }
}
