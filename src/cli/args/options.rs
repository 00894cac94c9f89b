//! Options that several commands share.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Arg, Args as ClapArgs, ValueEnum, ValueHint};
use facematch::batch::PathPattern;
use facematch::engine::EncoderKind;
use facematch::matching::{DistanceThreshold, Margin};
use facematch::photo::{PhotoSettings, Width};

/// Options of every command that reports photos.
#[derive(Debug, ClapArgs)]
#[command(mut_arg("verbose", |verbose| verbose.help(MORE_OF_EACH_PHOTO)))]
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
    #[arg(long, hide_short_help = true, help_heading = "Messages")]
    pub(crate) timings: bool,
}

/// Help of `--verbose` in commands that report photos; the others time nothing.
const MORE_OF_EACH_PHOTO: &str = "Print more: models, known people, the time of each photo";

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Cache")]
pub(crate) struct CacheArgs {
    /// Remember what is found, and search only new photos
    ///
    /// The cache is FILE, else FACEMATCH_CACHE (which switches it on by itself), else
    /// facematch/cache.redb in the user's cache folder. It holds encodings, which are biometric
    /// data.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, value_hint = ValueHint::FilePath, help_heading = COMMON)]
    pub(crate) cache: Option<Option<PathBuf>>,

    /// Search every photo, even if FACEMATCH_CACHE is set
    #[arg(long, hide_short_help = true)]
    pub(crate) no_cache: bool,
}

/// Heading of the most common options: none. They form one group, the only one that `-h` shows.
const COMMON: Option<&str> = None;

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Finding faces")]
pub(crate) struct EngineArgs {
    /// Working width: more finds smaller faces
    ///
    /// Photos are first resized to this width, up or down. 0 keeps their size. auto takes 500, and
    /// up to 1600 for photos with small faces or none.
    #[arg(short, long, value_name = "PIXELS", help_heading = COMMON, default_value_t = PhotoSettings::default().width, allow_negative_numbers = true, value_parser = width)]
    pub(crate) width: Width,

    /// Leave out faces smaller than this in the photo
    #[arg(long, hide_short_help = true, value_name = "PIXELS", default_value_t = 0, allow_negative_numbers = true, value_parser = whole_number(0..=100_000u32))]
    pub(crate) min_face: u32,

    /// Double the resized photo N times before detection [default: 0, or 1 for hog and cnn]
    ///
    /// retinaface finds faces of 10 pixels or more with 0. hog and cnn find faces of 80 pixels or
    /// more with 0, of 40 with 1, of 20 with 2.
    #[arg(long, hide_short_help = true, value_name = "N", allow_negative_numbers = true, value_parser = whole_number(0..=4u32))]
    pub(crate) upsample: Option<u32>,

    /// Face detector: auto, retinaface, hog or cnn
    ///
    /// retinaface finds small, turned and covered faces. hog and cnn are dlib's and work as in
    /// face_recognition; cnn is slow. auto is retinaface, or hog with --engine dlib.
    #[arg(long, value_name = "WHICH", help_heading = COMMON, value_enum, hide_possible_values = true, default_value_t = DetectorArg::Auto)]
    pub(crate) detector: DetectorArg,

    /// Leave out faces with a lower score [default: 0.8 for retinaface, else 0]
    ///
    /// A score is how sure the detector is: 0 to 1 with retinaface, 0 or more with hog and cnn.
    #[arg(long, hide_short_help = true, value_name = "S", allow_negative_numbers = true, value_parser = score)]
    pub(crate) min_score: Option<f32>,

    /// Turn photos without an upright face by 90, 180 and 270 degrees and search again
    #[arg(long, hide_short_help = true)]
    pub(crate) try_rotations: bool,

    /// Landmark model (dlib shape predictor with 5 or 68 points) to use instead of the 5-point one
    #[arg(long, hide_short_help = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) landmarks: Option<PathBuf>,

    /// Implementation that finds and encodes faces
    #[arg(long, hide_short_help = true, value_enum, default_value_t = EngineArg::Native)]
    pub(crate) engine: EngineArg,

    /// Folder with the models, instead of those inside the program (native) or in the usual places
    /// (dlib) [env: FACEMATCH_MODELS]
    #[arg(long, hide_short_help = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) models: Option<PathBuf>,

    /// Program that makes an image of a file: it gets the path and writes to standard output
    ///
    /// It is run for the files that --pre-glob matches, in folders too; without --pre-glob, for all
    /// photos and for those in formats that facematch does not read.
    #[arg(long, hide_short_help = true, value_name = "COMMAND", value_hint = ValueHint::CommandName)]
    pub(crate) pre: Option<PathBuf>,

    /// Files that --pre is run for, such as '*.{mp4,mov}'; can be repeated
    #[arg(long, hide_short_help = true, value_name = "GLOB", requires = "pre")]
    pub(crate) pre_glob: Vec<PathPattern>,

    /// Time after which the command of --pre is stopped
    #[arg(long, hide_short_help = true, value_name = "SECONDS", requires = "pre", default_value_t = 30, allow_negative_numbers = true, value_parser = whole_number(1..=86_400u32))]
    pub(crate) pre_timeout: u32,

    /// Photos to search at the same time [default: one per core]
    #[arg(short, long, value_name = "N", help_heading = COMMON, allow_negative_numbers = true, value_parser = whole_number(1..=256u16))]
    pub(crate) jobs: Option<u16>,
}

/// Options that decide which person a face belongs to.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Matching")]
pub(crate) struct DecisionArgs {
    /// Largest distance of a match, or auto [default: 0.6]
    ///
    /// Less means fewer wrong names. With auto, the threshold follows from the number of known
    /// faces, the distances between known people, and --target-fpir. With --encoder mobilefacenet,
    /// the default is auto.
    #[arg(
        short,
        long,
        value_name = "DISTANCE",
        help_heading = COMMON,
        allow_negative_numbers = true
    )]
    pub(crate) threshold: Option<ThresholdArg>,

    /// With --threshold auto: the fraction of strangers that may get a name [default: 0.01]
    #[arg(long, hide_short_help = true, value_name = "FRACTION", value_parser = fraction)]
    pub(crate) target_fpir: Option<f64>,

    /// A face is ambiguous unless the next person is at least this much farther away than the
    /// nearest one [default: 0.03, or 0.05 with --encoder mobilefacenet]
    #[arg(
        long,
        hide_short_help = true,
        value_name = "DISTANCE",
        allow_negative_numbers = true
    )]
    pub(crate) margin: Option<Margin>,

    /// Let a person appear in a photo more than once, for collages
    #[arg(long, hide_short_help = true)]
    pub(crate) allow_repeat: bool,
}

/// Long help of a `--threshold` that is automatic by default.
const AUTOMATIC_THRESHOLD: &str = "Largest distance of a match, or auto\n\n\
    Less means fewer wrong names. With auto, the threshold follows from the number of known faces, \
    the distances between known people, and --target-fpir.";

/// Makes auto the default of `threshold`, for commands that write names into the user's files.
pub(super) fn automatic_by_default(threshold: Arg) -> Arg {
    threshold
        .default_value("auto")
        .help("Largest distance of a match, or auto")
        .long_help(AUTOMATIC_THRESHOLD)
}

/// Value of `--threshold`.
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

/// Returns a parser for whole numbers in `range`.
pub(crate) fn whole_number<T>(
    range: RangeInclusive<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync
where
    T: FromStr + PartialOrd + Display + Clone + Send + Sync,
{
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        let (from, to) = (range.start(), range.end());
        number.ok_or_else(|| format!("expected a whole number from {from} to {to}"))
    }
}

fn width(text: &str) -> Result<Width, String> {
    match text {
        "auto" => Ok(Width::Auto),
        _ => whole_number(0..=facematch_image_files::MAX_WIDTH)(text)
            .map(Width::Pixels)
            .map_err(|reason| format!("{reason}, or auto")),
    }
}

fn quality(text: &str) -> Result<f32, String> {
    let quality = text
        .parse()
        .ok()
        .filter(|quality| (0.0..=1.0).contains(quality));
    quality.ok_or_else(|| "expected a number from 0 to 1, such as 0.3".to_owned())
}

/// Returns the extension `text`, with or without its dot, in lower case.
fn extension(text: &str) -> Result<String, String> {
    let text = text.trim();
    let extension = text.strip_prefix('.').unwrap_or(text).to_lowercase();
    match extension.is_empty() || extension.contains(['.', '/', '*']) {
        true => Err("expected extensions, such as heic,jpg".to_owned()),
        false => Ok(extension),
    }
}

fn score(text: &str) -> Result<f32, String> {
    let score = text
        .parse()
        .ok()
        .filter(|score| (0.0..=10.0).contains(score));
    score.ok_or_else(|| "expected a number from 0 to 10, such as 0.8".to_owned())
}

fn fraction(text: &str) -> Result<f64, String> {
    let fraction = text.parse().ok().filter(|f| (1e-6..=0.5).contains(f));
    fraction.ok_or_else(|| "expected a fraction from 0.000001 to 0.5, such as 0.01".to_owned())
}

/// Options for encoding faces. They always apply to known and unknown photos alike.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Encoding faces")]
pub(crate) struct EncodingArgs {
    /// Network that encodes faces: mobilefacenet is more exact, and needs the detector retinaface
    #[arg(long, hide_short_help = true, value_enum, value_name = "WHICH", default_value_t = EncoderArg::Dlib)]
    pub(crate) encoder: EncoderArg,

    #[command(flatten)]
    pub(crate) how: HowToEncodeArgs,
}

/// Options for encoding faces with any encoder.
#[derive(Debug, Clone, Copy, ClapArgs)]
#[command(next_help_heading = "Encoding faces")]
pub(crate) struct HowToEncodeArgs {
    // Overrides an earlier --no-flip, such as one in an alias.
    #[arg(long, hide = true, overrides_with = "no_flip")]
    pub(crate) flip: bool,

    /// Encode each face once, as dlib does; the default averages it with its mirror image
    #[arg(long, hide_short_help = true)]
    pub(crate) no_flip: bool,

    /// Average N jittered copies of each face, mirrored at random; much slower, little gain
    #[arg(long, hide_short_help = true, value_name = "N", default_value_t = 0, allow_negative_numbers = true, value_parser = whole_number(0..=1000u32))]
    pub(crate) jitters: u32,

    /// Neither encode nor name faces of a lower quality: small, blurred and turned ones
    #[arg(long, hide_short_help = true, value_name = "Q", default_value_t = PhotoSettings::default().min_quality, allow_negative_numbers = true, value_parser = quality)]
    pub(crate) min_quality: f32,

    /// Photo that faces are cut from: the resized one, or the one at full size, which takes longer
    /// to decode
    #[arg(long, hide_short_help = true, value_enum, value_name = "WHICH", default_value_t = EncodeFromArg::Resized)]
    pub(crate) encode_from: EncodeFromArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EncoderArg {
    /// 128 numbers, as in face_recognition
    Dlib,
    /// 192 numbers
    Mobilefacenet,
}

impl EncoderArg {
    pub(crate) fn kind(self) -> EncoderKind {
        match self {
            Self::Dlib => EncoderKind::Dlib,
            Self::Mobilefacenet => EncoderKind::Mobilefacenet,
        }
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
    /// Enter at most N levels of folders; 1 takes only the files of the folder itself
    #[arg(long, hide_short_help = true, value_name = "N", allow_negative_numbers = true, value_parser = whole_number(1..=1_000_000u32))]
    pub(crate) max_depth: Option<u32>,

    /// Enter folders that are symbolic links
    #[arg(long, hide_short_help = true)]
    pub(crate) follow_links: bool,

    /// Search hidden files and folders too
    #[arg(long, hide_short_help = true)]
    pub(crate) hidden: bool,

    /// In folders, search only files with these extensions, such as heic,jpg
    #[arg(long, hide_short_help = true, value_name = "EXT", value_delimiter = ',', value_parser = extension)]
    pub(crate) ext: Vec<String>,

    /// In folders, leave out the files and folders that match GLOB; can be repeated
    ///
    /// A pattern without a slash, such as '*.png' or @eaDir, concerns names at any depth. One with
    /// a slash, such as '2019/**', concerns paths below the folder that is searched.
    #[arg(long, hide_short_help = true, value_name = "GLOB")]
    pub(crate) exclude: Vec<PathPattern>,

    /// Paths on standard input end with NUL instead of a newline
    #[arg(short = '0', long = "null", hide_short_help = true)]
    pub(crate) null: bool,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Format of the results
    #[arg(short, long, value_name = "FORMAT", help_heading = COMMON, value_enum, default_value_t = FormatArg::Text)]
    pub(crate) format: FormatArg,

    /// Write the results to FILE, whole or not at all
    #[arg(short, long, value_name = "FILE", help_heading = COMMON, value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Add the 128 or 192 numbers of each face to JSON; they are biometric data
    #[arg(long, hide_short_help = true)]
    pub(crate) with_encodings: bool,

    /// Write each aligned face into DIR, as a PNG of 150x150 pixels
    #[arg(long, hide_short_help = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) crops: Option<PathBuf>,

    /// Write photos with boxes and names drawn on into DIR
    #[arg(long, help_heading = COMMON, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) draw: Option<PathBuf>,

    /// Colour the names
    #[arg(long, hide_short_help = true, value_enum, value_name = "WHEN", default_value_t = WhenArg::Auto)]
    pub(crate) color: WhenArg,
}

#[derive(Debug, Clone, Copy, ClapArgs)]
#[command(next_help_heading = "Messages")]
pub(crate) struct MessageArgs {
    /// Print only results, errors and skipped photos
    #[arg(short, long, help_heading = COMMON)]
    pub(crate) quiet: bool,

    /// Print more details
    #[arg(short, long, hide_short_help = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,

    /// Show a progress bar on the error stream; always does so even with --quiet
    #[arg(long, hide_short_help = true, value_enum, value_name = "WHEN", default_value_t = WhenArg::Auto)]
    pub(crate) progress: WhenArg,
}

/// Hides the options of [`MessageArgs`] in the help of commands that print little. These commands
/// still accept them, so that an alias or a script can pass them to every command.
pub(super) fn hidden_messages(arg: Arg) -> Arg {
    let is_message = matches!(arg.get_id().as_str(), "quiet" | "verbose" | "progress");
    arg.hide(is_message)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DetectorArg {
    /// retinaface, or hog with --engine dlib
    Auto,
    /// dlib's fast detector
    Hog,
    /// dlib's network: finds turned and covered faces too; slow
    Cnn,
    /// Finds small, turned and covered faces too
    Retinaface,
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
    /// One line per face, in columns on a terminal, else tab-separated
    Text,
    /// One JSON array
    Json,
    /// One JSON object per line
    Ndjson,
    /// RFC 4180 with a header
    Csv,
    /// JSON for exiftool -json=FILE
    // Only `facematch tag` supports it; see `with_hidden_formats`.
    #[value(hide = true)]
    ExiftoolJson,
}

/// Format of `check` and `eval`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FiguresFormatArg {
    Text,
    Json,
}

/// Adds the formats that other commands hide to the possible values of `format`.
pub(super) fn with_hidden_formats(format: Arg) -> Arg {
    let values = FormatArg::value_variants()
        .iter()
        .filter_map(ValueEnum::to_possible_value)
        .map(|value| value.hide(false));
    let parser = PossibleValuesParser::new(values);
    format.value_parser(parser.try_map(|value| FormatArg::from_str(&value, false)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhenArg {
    /// On a terminal
    Auto,
    Always,
    Never,
}
