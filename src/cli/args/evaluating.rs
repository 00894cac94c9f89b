//! The arguments of `facematch eval`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueHint};
use facematch::matching::DistanceThreshold;

use super::{
    CacheArgs, DecisionArgs, EncoderArg, EncodingArgs, EngineArgs, FiguresFormatArg,
    HowToEncodeArgs, KNOWN, MessageArgs,
};

#[derive(Debug, Subcommand)]
pub(crate) enum EvalCommand {
    /// Verification: do two photos show the same person? Accuracy, EER, FMR, FNMR, TAR at FAR
    ///
    /// The most central face of each photo counts. "Verification only" covers the pairs with two
    /// found faces, "end to end" all pairs: a pair without a found face counts as rejected.
    #[command(override_usage = "facematch eval pairs [OPTIONS] <PAIRS>")]
    Pairs(EvalPairsArgs),
    /// Identification: are the names right? Precision and recall of each person, FPIR, FNIR
    ///
    /// The photos of LABELS are searched for the people of KNOWN, by the rules of the default
    /// command. A face in a photo without known people counts as a stranger.
    #[command(
        override_usage = "facematch eval identify [OPTIONS] --labels <LABELS> <KNOWN> <UNKNOWN>"
    )]
    Identify(EvalIdentifyArgs),
    /// Impostors: how close photos of different people are, as the table of --threshold auto
    ///
    /// Every two photos of different people are compared by their most central faces. Prints the
    /// fraction of the pairs (the false match rate) and the distance that it is within, as CSV.
    #[command(override_usage = "facematch eval impostors [OPTIONS] <PEOPLE>")]
    Impostors(EvalImpostorsArgs),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct EvalIdentifyArgs {
    #[arg(help = KNOWN, value_hint = ValueHint::AnyPath)]
    pub(crate) known: PathBuf,

    /// Folder that the paths in LABELS are relative to
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) unknown: PathBuf,

    /// CSV file with the columns image (path of a photo) and people (names with `;` between them)
    #[arg(long, value_name = "LABELS", value_hint = ValueHint::FilePath)]
    pub(crate) labels: PathBuf,

    /// Format of the figures: a table, or one JSON object
    #[arg(short, long, value_enum, default_value_t = FiguresFormatArg::Text)]
    pub(crate) format: FiguresFormatArg,

    /// Write the figures to FILE, whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) decision: DecisionArgs,

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
    /// Folder with photos of many people, named as known people are (ann.jpg, ann.2.jpg, Eileen
    /// Collins/*.jpg)
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

    /// Folder that the paths in PAIRS are relative to [default: the folder of PAIRS]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) root: Option<PathBuf>,

    /// Largest distance of two faces of one person [default: 0.6, or 1.1 with --encoder
    /// mobilefacenet]
    #[arg(short, long, value_name = "DISTANCE", allow_negative_numbers = true)]
    pub(crate) threshold: Option<DistanceThreshold>,

    /// Format of the figures: a table, or one JSON object
    #[arg(short, long, value_enum, default_value_t = FiguresFormatArg::Text)]
    pub(crate) format: FiguresFormatArg,

    /// Write the figures to FILE, whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Draw the ROC and the distances of same and different pairs to FILE, as SVG
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) plot: Option<PathBuf>,

    /// Networks that encode faces; several with commas between them are compared
    #[arg(
        long,
        hide_short_help = true,
        value_enum,
        value_name = "WHICH",
        value_delimiter = ',',
        default_value = "dlib",
        help_heading = "Encoding faces"
    )]
    pub(crate) encoder: Vec<EncoderArg>,

    #[command(flatten)]
    pub(crate) how_to_encode: HowToEncodeArgs,

    #[command(flatten)]
    pub(crate) engine: EngineArgs,

    #[command(flatten)]
    pub(crate) cache: CacheArgs,

    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}
