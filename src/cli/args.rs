//! The arguments as clap parses them.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};
use facematch::matching::{DistanceThreshold, Margin};

/// Say who is in which photo.
///
/// Every face in the photos of UNKNOWN is compared with the people in KNOWN; one line per face is printed: the photo,
/// the person's name or "unknown", and the distance. Nothing leaves your machine.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    override_usage = "facematch [OPTIONS] <KNOWN> <UNKNOWN>...\n       facematch <COMMAND>",
    after_help = "Exit status: 0 done; 1 done, but some inputs failed; 2 wrong usage; 3 could not start \
                  (no models, no known face, nothing to search); 130 interrupted.\n\
                  A folder that has a command's name is written ./detect."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) matching: MatchArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find the faces of each photo, without any known people: boxes, landmarks, crops, drawings
    #[command(override_usage = "facematch detect [OPTIONS] <PATH>...")]
    Detect(DetectArgs),
    /// Keep known people in a gallery file, so that their photos are searched only once
    ///
    /// The file takes the place of KNOWN: facematch people.safetensors ~/Photos. It holds encodings, which are biometric
    /// data: only you can read it, and deleting it deletes them.
    #[command(
        override_usage = "facematch enroll [OPTIONS] <KNOWN>... -o <FILE>\n       \
                          facematch enroll [OPTIONS] --add <FILE> <KNOWN>...\n       \
                          facematch enroll --remove <NAME> <FILE>\n       \
                          facematch enroll --list <FILE>"
    )]
    Enroll(EnrollArgs),
    /// Look for what is wrong with the photos of known people: no face, the wrong person, the same photo twice
    ///
    /// Tells photos that cannot be read, with no, several or tiny faces, that seem to be of somebody else, the same picture
    /// twice, people who are closer than the threshold, and the threshold that separates these people best.
    #[command(
        override_usage = "facematch check [OPTIONS] <KNOWN>",
        after_help = "Exit status: 0 nothing found; 1 something found; 2 wrong usage; 3 nothing could be read."
    )]
    Check(CheckArgs),
    /// Measure how well faces are told apart, on photos of which it is known who is on them
    Eval {
        #[command(subcommand)]
        what: EvalCommand,
    },
    /// Look after the cache of --cache: where it is, what is in it, make it smaller, delete it
    Cache {
        #[command(subcommand)]
        what: CacheCommand,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MatchArgs {
    /// Known people: a folder (known/ann.jpg, known/ann.2.jpg, known/Eileen Collins/*.jpg), one photo, or a gallery file
    /// that `facematch enroll` made
    #[arg(value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) known: Option<PathBuf>,

    /// Folders and photos to search; `-` reads paths from standard input
    #[arg(value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) unknown: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) decision: DecisionArgs,

    /// List the N nearest people for each face
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) candidates: u32,

    /// List the distance of every known person for each face
    #[arg(long, conflicts_with = "candidates")]
    pub(crate) all_distances: bool,

    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,

    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DetectArgs {
    /// Folders and photos to search; `-` reads paths from standard input
    #[arg(value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) path: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) common: CommonArgs,

    /// How faces are encoded for `--with-encodings`.
    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,
}

#[derive(Debug, ClapArgs)]
#[command(group = clap::ArgGroup::new("what").args(["output", "add", "remove", "list"]).required(true))]
pub(crate) struct EnrollArgs {
    /// Known people: folders (known/ann.jpg, known/ann.2.jpg, known/Eileen Collins/*.jpg), photos, and gallery files,
    /// whose people are taken over; with --remove and --list the gallery file
    #[arg(value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) known: Vec<PathBuf>,

    /// Write the gallery to FILE, whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Add the people to the gallery FILE; photos that it has already are enrolled anew
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) add: Option<PathBuf>,

    /// Remove the person NAME and all of their faces from the gallery; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) remove: Vec<String>,

    /// Print each person of the gallery and the number of their faces
    #[arg(long)]
    pub(crate) list: bool,

    /// Enter folders that are symbolic links
    #[arg(long)]
    pub(crate) follow_links: bool,

    /// Take hidden files and folders too
    #[arg(long)]
    pub(crate) hidden: bool,

    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,

    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CheckArgs {
    /// Known people: a folder (known/ann.jpg, known/ann.2.jpg, known/Eileen Collins/*.jpg), or a gallery file, of which
    /// less can be told
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) known: PathBuf,

    /// Largest distance at which two faces are taken for one person
    #[arg(
        short,
        long,
        value_name = "DISTANCE",
        default_value = "0.6",
        allow_negative_numbers = true
    )]
    pub(crate) threshold: DistanceThreshold,

    /// Form of the findings
    #[arg(short, long, value_enum, default_value_t = CheckFormatArg::Text)]
    pub(crate) format: CheckFormatArg,

    /// Write the findings to FILE, whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Enter folders that are symbolic links
    #[arg(long)]
    pub(crate) follow_links: bool,

    /// Take hidden files and folders too
    #[arg(long)]
    pub(crate) hidden: bool,

    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,

    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Print where the cache is
    Path(CacheFileArgs),
    /// Print how large it is and what is in it
    Stats(CacheFileArgs),
    /// Remove what other versions of facematch found, and make the file as small as it can be
    Prune {
        /// Remove what was not used for DAYS days or longer too
        #[arg(long = "older-than", value_name = "DAYS")]
        unused: Option<u32>,

        #[command(flatten)]
        file: CacheFileArgs,
    },
    /// Delete it, and damaged ones that were set aside
    Clear(CacheFileArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CacheFileArgs {
    /// The cache [default: FACEMATCH_CACHE, or facematch/cache.redb in the user's cache folder]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) cache: Option<PathBuf>,
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

#[derive(Debug, Subcommand)]
pub(crate) enum EvalCommand {
    /// Verification: is it the same person on two photos? Accuracy over folds, EER, FMR and FNMR, TAR at FAR
    ///
    /// Of each photo the most central face counts. "Verification only" is about the pairs with two found faces, "end to
    /// end" about all of them: where no face is found, a pair counts as rejected.
    #[command(override_usage = "facematch eval pairs [OPTIONS] <PAIRS>")]
    Pairs(EvalPairsArgs),
    /// Identification: are the right names given, and no wrong ones? Precision and recall of each person, FPIR, FNIR
    ///
    /// The photos of LABELS are searched for the people of KNOWN, by the rules of the default command. A face on a photo on
    /// which nobody known is counts as a stranger.
    #[command(
        override_usage = "facematch eval identify [OPTIONS] --labels <LABELS> <KNOWN> <UNKNOWN>"
    )]
    Identify(EvalIdentifyArgs),
    /// Impostors: how near photos of different people are, as the table that --threshold auto works with
    ///
    /// Every two photos of different people are compared; of each photo the most central face counts. Prints the part of
    /// the pairs (the false match rate) and the distance that it is within, as CSV.
    #[command(override_usage = "facematch eval impostors [OPTIONS] <PEOPLE>")]
    Impostors(EvalImpostorsArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct EvalIdentifyArgs {
    /// Known people: a folder, a photo or a gallery file
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) known: PathBuf,

    /// Folder in which the paths of LABELS begin
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) unknown: PathBuf,

    /// CSV file with the columns image (path of a photo) and people (names with `;` between them)
    #[arg(long, value_name = "LABELS", value_hint = ValueHint::FilePath)]
    pub(crate) labels: PathBuf,

    #[command(flatten)]
    pub(crate) decision: DecisionArgs,

    /// Form of the figures
    #[arg(short, long, value_enum, default_value_t = EvalFormatArg::Text)]
    pub(crate) format: EvalFormatArg,

    /// Write the figures to FILE, whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,

    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct EvalImpostorsArgs {
    /// Folder with photos of many people, named as known people are (ann.jpg, ann.2.jpg, Eileen Collins/*.jpg)
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) people: PathBuf,

    /// Write the table to FILE, whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,

    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct EvalPairsArgs {
    /// CSV file with the columns fold, same (1 or 0), a and b (paths of photos), or LFW's pairs.txt
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) pairs: PathBuf,

    /// Folder in which the paths of PAIRS begin [default: the folder of PAIRS]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) root: Option<PathBuf>,

    /// Largest distance at which two faces are taken for one person
    #[arg(
        short,
        long,
        value_name = "DISTANCE",
        default_value = "0.6",
        allow_negative_numbers = true
    )]
    pub(crate) threshold: DistanceThreshold,

    /// Form of the figures
    #[arg(short, long, value_enum, default_value_t = EvalFormatArg::Text)]
    pub(crate) format: EvalFormatArg,

    /// Write the figures to FILE, whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Draw the ROC and the distances of same and different pairs to FILE, as SVG
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) plot: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,

    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

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
#[command(next_help_heading = "Finding faces")]
pub(crate) struct EngineArgs {
    /// Width in pixels to which photos are resized first; 0 keeps their size. Small faces need more
    #[arg(short, long, value_name = "PIXELS", default_value_t = 500, value_parser = clap::value_parser!(u32).range(..=i64::from(facematch::image::MAX_WIDTH)))]
    pub(crate) width: u32,

    /// How often the resized photo is doubled before detection: 0 finds faces from 80 pixels on, 1 from 40, 2 from 20
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(..=4))]
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
    let part = text.parse().ok().filter(|part| (1e-6..0.5).contains(part));
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormatArg {
    /// One line per finding, tab-separated
    Text,
    /// One JSON object
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EvalFormatArg {
    /// A table
    Text,
    /// One JSON object
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal
    Auto,
    Always,
    Never,
}
