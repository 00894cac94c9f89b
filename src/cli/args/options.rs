//! The options that several commands share.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args as ClapArgs, ValueEnum, ValueHint};
use facematch::matching::{DistanceThreshold, Margin};

/// The options of every command that searches photos.
#[derive(Debug, ClapArgs)]
pub(crate) struct CommonArgs {
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    #[command(flatten)]
    pub(crate) walk: WalkArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) messages: MessageArgs,

    /// Print how long each stage took
    #[arg(long, help_heading = "Messages")]
    pub(crate) timings: bool,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Cache")]
pub(crate) struct CacheArgs {
    /// Keep what is found in each photo, and do not search photos again of which it is known; in FILE [default:
    /// FACEMATCH_CACHE, which has the same effect, or facematch/cache.redb in the user's cache folder]
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, value_hint = ValueHint::FilePath)]
    pub(crate) cache: Option<Option<PathBuf>>,

    /// Search every photo, whatever FACEMATCH_CACHE says
    #[arg(long)]
    pub(crate) no_cache: bool,
}

const DEFAULT_WIDTH: u32 = 500;
const DEFAULT_UPSAMPLE: u32 = 1;

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Finding faces")]
pub(crate) struct EngineArgs {
    /// Width in pixels to which photos are resized first; 0 keeps their size. Small faces need more
    #[arg(short, long, value_name = "PIXELS", default_value_t = DEFAULT_WIDTH, value_parser = clap::value_parser!(u32).range(..=i64::from(facematch::image::MAX_WIDTH)))]
    pub(crate) width: u32,

    /// How often the resized photo is doubled before detection: 0 finds faces from 80 pixels on, 1 from 40, 2 from 20
    #[arg(long, value_name = "N", default_value_t = DEFAULT_UPSAMPLE, value_parser = clap::value_parser!(u32).range(..=4))]
    pub(crate) upsample: u32,

    /// Face detector: hog is fast, cnn finds turned and covered faces too, auto asks cnn where hog finds nothing
    #[arg(long, value_enum, default_value_t = DetectorArg::Auto)]
    pub(crate) detector: DetectorArg,

    /// Turn photos in which nothing is found by 90, 180 and 270 degrees and search again
    #[arg(long)]
    pub(crate) try_rotations: bool,

    /// Landmark model (dlib shape predictor with 5 or 68 points) to use instead of the 5-point one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) landmarks: Option<PathBuf>,

    /// Implementation that finds and encodes faces
    #[arg(long, value_enum, default_value_t = EngineArg::Native)]
    pub(crate) engine: EngineArg,

    /// Folder with the models, instead of those inside the program (native) or in the usual places (dlib)
    #[arg(long, value_name = "DIR", env = "FACEMATCH_MODELS", hide_env_values = true, value_hint = ValueHint::DirPath)]
    pub(crate) models: Option<PathBuf>,

    /// Photos worked on at the same time [default: one per core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
}

impl EngineArgs {
    /// The first option that makes a difference to what is found in a photo. `--models` does not count: it may come from
    /// the environment.
    pub(crate) fn given(&self) -> Option<&'static str> {
        first_given(&[
            (self.width != DEFAULT_WIDTH, "--width"),
            (self.upsample != DEFAULT_UPSAMPLE, "--upsample"),
            (self.detector != DetectorArg::Auto, "--detector"),
            (self.try_rotations, "--try-rotations"),
            (self.landmarks.is_some(), "--landmarks"),
            (self.engine != EngineArg::Native, "--engine"),
        ])
    }
}

/// The name of the first option that is given.
pub(super) fn first_given(options: &[(bool, &'static str)]) -> Option<&'static str> {
    let given = options.iter().find(|(is_given, _)| *is_given);
    given.map(|(_, name)| *name)
}

/// How it is decided who a face is.
#[derive(Debug, ClapArgs)]
pub(crate) struct DecisionArgs {
    /// Largest distance at which a face is taken for a person, lower for fewer wrong names; `auto`: what the number of
    /// known faces and --target-fpir ask for
    #[arg(
        short,
        long,
        value_name = "DISTANCE",
        default_value = "0.6",
        allow_negative_numbers = true
    )]
    pub(crate) threshold: ThresholdArg,

    /// With --threshold auto: the part of strangers that may be given a name [default: 0.01]
    #[arg(long, value_name = "PART", value_parser = part)]
    pub(crate) target_fpir: Option<f64>,

    /// A face that is less than this nearer to the nearest person than to the next one is ambiguous
    #[arg(
        long,
        value_name = "DISTANCE",
        default_value = "0.03",
        allow_negative_numbers = true
    )]
    pub(crate) margin: Margin,

    /// Let a person be in a photo more than once, for collages
    #[arg(long)]
    pub(crate) allow_repeat: bool,
}

/// A threshold as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ThresholdArg {
    Fixed(DistanceThreshold),
    Auto,
}

impl FromStr for ThresholdArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            _ => text
                .parse()
                .map(Self::Fixed)
                .map_err(|reason| format!("{reason}, or auto")),
        }
    }
}

fn part(text: &str) -> Result<f64, String> {
    let part = text.parse().ok().filter(|part| (1e-6..=0.5).contains(part));
    part.ok_or_else(|| "a part from 0.000001 to 0.5 is wanted, such as 0.01".to_owned())
}

/// How faces become encodings. Known and unknown photos are always treated alike.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Encoding faces")]
pub(crate) struct EncodingArgs {
    /// Average each face with its mirror image: fewer wrong names at a small cost [default]
    #[arg(long, overrides_with = "no_flip")]
    pub(crate) flip: bool,

    /// Encode each face once, as dlib does
    #[arg(long)]
    pub(crate) no_flip: bool,

    /// How many jittered copies of each face are averaged, mirrored at random; much slower, little gain
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub(crate) jitters: u32,

    /// What faces are cut from: the resized photo, or the photo at full size, which takes longer to decode
    #[arg(long, value_enum, value_name = "WHICH", default_value_t = EncodeFromArg::Resized)]
    pub(crate) encode_from: EncodeFromArg,
}

impl EncodingArgs {
    /// The first option that is given.
    pub(crate) fn given(&self) -> Option<&'static str> {
        first_given(&[
            (self.flip, "--flip"),
            (self.no_flip, "--no-flip"),
            (self.jitters > 0, "--jitters"),
            (
                self.encode_from == EncodeFromArg::Original,
                "--encode-from original",
            ),
        ])
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EncodeFromArg {
    Resized,
    Original,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Choosing photos")]
pub(crate) struct WalkArgs {
    /// Enter at most N levels of folders; 1 takes the files of the folder itself
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_depth: Option<u32>,

    /// Enter folders that are symbolic links
    #[arg(long)]
    pub(crate) follow_links: bool,

    /// Take hidden files and folders too
    #[arg(long)]
    pub(crate) hidden: bool,

    /// Paths on standard input end with NUL instead of a newline
    #[arg(short = '0', long = "null")]
    pub(crate) null: bool,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Form of the results
    #[arg(short, long, value_enum, default_value_t = FormatArg::Text)]
    pub(crate) format: FormatArg,

    /// Write the results to FILE, whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Add the 128 numbers of each face to JSON; they are biometric data
    #[arg(long)]
    pub(crate) with_encodings: bool,

    /// Write each aligned face as a PNG of 150x150 pixels below DIR
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) crops: Option<PathBuf>,

    /// Write each photo that has faces, with boxes, landmarks and names drawn on it, below DIR
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) draw: Option<PathBuf>,

    /// Colour the names on a terminal
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub(crate) color: When,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Messages")]
pub(crate) struct MessageArgs {
    /// No warnings, no progress and no summary; errors stay
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Say more: models, known people, the time of each photo
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// Show a progress bar on the error stream
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub(crate) progress: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DetectorArg {
    Auto,
    Hog,
    Cnn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineArg {
    /// Pure Rust
    Native,
    /// dlib's C++, in builds with the feature dlib
    Dlib,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormatArg {
    /// One line per face, tab-separated
    Text,
    /// One JSON array
    Json,
    /// One JSON object per line
    Ndjson,
    /// RFC 4180 with a header
    Csv,
    /// What exiftool -json=FILE reads: of facematch tag alone, whose help tells it
    #[value(hide = true)]
    ExiftoolJson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal
    Auto,
    Always,
    Never,
}
