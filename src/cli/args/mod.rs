//! The arguments as clap parses them: this module has the commands, [`options`] the options that
//! several commands share. No other module depends on clap: [`parse`] returns a config.

mod configs;
mod evaluating;
mod option_configs;
mod options;
mod parsing;
mod sorting;

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};
use facematch::engine::SimdLevel;
use facematch::matching::DistanceThreshold;

pub(super) use configs::parse;
use evaluating::EvalCommand;
use options::{
    CacheArgs, CommonArgs, DecisionArgs, EncoderArg, EncodingArgs, EngineArgs, FiguresFormatArg,
    HowToEncodeArgs, MessageArgs, WalkArgs, automatic_by_default, hidden_messages, whole_number,
    with_hidden_formats,
};
use sorting::SortArgs;

/// Find known people in your photos (KNOWN: a folder of their photos, or a gallery file)
///
/// Every face in UNKNOWN is compared with the people of KNOWN. One line per face is printed: the
/// photo, the person's name or "unknown", and the distance. Nothing leaves your machine.
#[derive(Debug, Parser)]
#[command(
    version,
    long_version = BUILD.as_str(),
    propagate_version = true,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    override_usage = "facematch [OPTIONS] <KNOWN> <UNKNOWN>...\n       facematch <COMMAND>",
    after_help = EXAMPLES,
    after_long_help = format!(
        "{EXAMPLES}\n\n\
         Exit status: 0 done; 1 done, but some inputs failed; 2 wrong usage; 3 could not start (no models, no \
         known face, nothing to search); 130 interrupted.\n\
         Write a folder that has a command's name as ./detect."
    )
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) matching: MatchArgs,
}

/// Version and features of this build, for bug reports.
static BUILD: LazyLock<String> = LazyLock::new(|| {
    let features = [
        (cfg!(feature = "embed-models"), "embed-models"),
        (cfg!(feature = "dlib"), "dlib"),
    ];
    let signed = features.map(|(is_on, name)| format!("{}{name}", if is_on { '+' } else { '-' }));
    format!(
        "{}\nfeatures: {}\nsystem: {} {}\nvector instructions: {}",
        env!("CARGO_PKG_VERSION"),
        signed.join(" "),
        std::env::consts::OS,
        std::env::consts::ARCH,
        SimdLevel::best(),
    )
});

/// Examples of the default command, printed below its options.
const EXAMPLES: &str = "Examples:
  facematch known/ ~/Photos                Find the people of known/ann.jpg, known/bob.jpg, ...
  facematch -t auto known/ a.jpg > names   Choose the threshold by the number of known people
  facematch tag --dry-run known/ ~/Photos  Show which photos would get which names";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Find faces, without known people
    ///
    /// Prints each face's box and landmarks; --crops and --draw write pictures of them.
    #[command(
        override_usage = "facematch detect [OPTIONS] <PATH>...",
        after_long_help = "Examples:
  facematch detect ~/Photos                       One line per face
  facematch detect --crops faces/ ~/Photos        Write each face as a picture
  facematch detect -f ndjson --with-encodings ~/Photos"
    )]
    Detect(DetectArgs),
    /// Write names into XMP sidecars or into photos, for photo managers
    ///
    /// photo.jpg.xmp (with --embed, the photo itself) gets a face region and keywords for each
    /// known person in the photo. Everything else in it is kept. One line is printed for each file
    /// that is created or changed: the photo, the action, the file, the names. With -f
    /// exiftool-json nothing is written; the output is for exiftool -json=FILE.
    #[command(
        override_usage = "facematch tag [OPTIONS] <KNOWN> <PHOTO>...",
        after_long_help = "Examples:
  facematch tag --dry-run known/ ~/Photos         Look first
  facematch tag --threshold auto known/ ~/Photos
  facematch tag --embed known/ a.jpg              Write into the photo, with exiftool"
    )]
    Tag(TagArgs),
    /// Remove what `facematch tag` wrote, and nothing else
    #[command(
        override_usage = "facematch untag [OPTIONS] <PHOTO>...",
        after_long_help = "Examples:
  facematch untag --dry-run ~/Photos
  facematch untag ~/Photos"
    )]
    Untag(UntagArgs),
    /// Sort photos into one folder per person
    ///
    /// Photos are copied to DIR/Ann/photo.jpg, or linked or moved there. A photo with two people is
    /// put into both folders; photos without a match stay where they are. Sidecars go along.
    /// Existing files are never overwritten: a second photo.jpg becomes photo.2.jpg. One line is
    /// printed for each photo that is put somewhere: the photo, the action, the new path, the
    /// person.
    #[command(
        override_usage = "facematch sort [OPTIONS] --into <DIR> <KNOWN> <PHOTO>...",
        after_long_help = "Examples:
  facematch sort --dry-run known/ ~/Photos --into people/
  facematch sort --by hardlink known/ ~/Photos --into people/     Take no space
  facematch sort known/ ~/Photos --into people/ --unknown-into strangers/"
    )]
    Sort(SortArgs),
    /// Save known people in a gallery file, which replaces their photos
    ///
    /// The file can be given as KNOWN: facematch people.safetensors ~/Photos. It holds encodings,
    /// which are biometric data: only you can read it, and deleting it deletes them.
    #[command(
        override_usage = "facematch enroll [OPTIONS] <KNOWN>... -o <FILE>\n       \
                          facematch enroll [OPTIONS] --add <FILE> <KNOWN>...\n       \
                          facematch enroll --from-tags [OPTIONS] <PHOTO>... -o <FILE>\n       \
                          facematch enroll --reencode <GALLERY> [OPTIONS] -o <FILE>\n       \
                          facematch enroll --remove <NAME> <FILE>\n       \
                          facematch enroll --list <FILE>",
        after_long_help = "Examples:
  facematch enroll known/ -o people.safetensors
  facematch enroll --add people.safetensors more/
  facematch enroll --from-tags ~/Photos -o tagged.safetensors     Learn from digiKam or Lightroom"
    )]
    Enroll(EnrollArgs),
    /// Find mistakes in the photos of known people
    ///
    /// Reports photos that cannot be read, have no, several or tiny faces, or seem to show another
    /// person; the same picture twice; people who are closer than the threshold; and the threshold
    /// that separates these people best.
    #[command(
        override_usage = "facematch check [OPTIONS] <KNOWN>",
        after_long_help = "Examples:
  facematch check known/
  facematch check -f json known/

Exit status: 0 nothing found; 1 something found; 2 wrong usage; 3 nothing could be read."
    )]
    Check(CheckArgs),
    /// Measure accuracy on labelled photos
    Eval {
        #[command(subcommand)]
        what: EvalCommand,
    },
    /// Show, shrink or delete the cache of --cache
    Cache {
        #[command(subcommand)]
        what: CacheCommand,
    },
    /// Print a completion script for a shell
    #[command(mut_args(hidden_messages))]
    Completions {
        /// The shell
        shell: clap_complete::Shell,

        #[command(flatten)]
        messages: MessageArgs,
    },
    /// Write the man pages of the program and its commands into a folder
    // The name is one that no folder of known people has.
    #[command(name = "man-pages", hide = true, mut_args(hidden_messages))]
    ManPages {
        /// The folder, which is created if it does not exist
        #[arg(value_hint = ValueHint::DirPath)]
        folder: PathBuf,

        #[command(flatten)]
        messages: MessageArgs,
    },
}

/// Help of a KNOWN that is one folder, photo or gallery file.
const KNOWN: &str = "Known people: a folder, a photo or a gallery file";

/// Help of the KNOWN of `enroll`.
const KNOWN_SOURCES: &str = "Known people: folders, photos and gallery files";

/// Help of the KNOWN of `check`.
const CHECKED_KNOWN: &str = "Known people: a folder, or a gallery file, which has fewer checks";

/// Returns the long help of a KNOWN: its `help`, how photos name people, and `more`.
fn known_help(help: &str, more: &str) -> String {
    format!(
        "{help}\n\nIn a folder, the file or the first folder names the person: known/ann.jpg, \
         known/ann.2.jpg, known/Eileen Collins/*.jpg.{more}"
    )
}

/// Returns the long help of [`KNOWN`].
fn one_known() -> String {
    known_help(KNOWN, " `facematch enroll` makes gallery files.")
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MatchArgs {
    #[arg(help = KNOWN, long_help = one_known(), hide_short_help = true, value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) known: Option<PathBuf>,

    /// Photos and folders to search; `-` reads paths from standard input
    #[arg(hide_short_help = true, value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) unknown: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) decision: DecisionArgs,

    /// List the N nearest people for each face
    #[arg(long, hide_short_help = true, help_heading = "Matching", value_name = "N", default_value_t = 1, allow_negative_numbers = true, value_parser = whole_number(1..=1_000_000u32))]
    pub(crate) candidates: u32,

    /// List the distance of every known person for each face
    #[arg(
        long,
        hide_short_help = true,
        help_heading = "Matching",
        conflicts_with = "candidates"
    )]
    pub(crate) all_distances: bool,

    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,

    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DetectArgs {
    /// Photos and folders to search; `-` reads paths from standard input
    #[arg(value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) path: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) common: CommonArgs,

    /// Options for the encodings of `--with-encodings`.
    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,
}

#[derive(Debug, ClapArgs)]
#[command(
    mut_arg("format", with_hidden_formats),
    mut_arg("threshold", automatic_by_default)
)]
pub(crate) struct TagArgs {
    #[arg(help = KNOWN, long_help = one_known(), value_hint = ValueHint::AnyPath)]
    pub(crate) known: PathBuf,

    /// Photos and folders to tag; `-` reads paths from standard input
    #[arg(value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) photo: Vec<PathBuf>,

    /// Print what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// How to name new sidecars; an existing one is used, whatever its name
    #[arg(long, value_enum, value_name = "HOW", default_value_t = SidecarNamingArg::Appended)]
    pub(crate) sidecar_naming: SidecarNamingArg,

    /// Write into the photos themselves instead of sidecars, with exiftool (version 12 or newer)
    ///
    /// Each photo is kept as it was, as photo.jpg_original, unless there is such a file; `exiftool
    /// -delete_original DIR` deletes these backups.
    #[arg(long, conflicts_with = "sidecar_naming")]
    pub(crate) embed: bool,

    /// Do not keep the original of a changed photo as photo.jpg_original
    #[arg(long, requires = "embed")]
    pub(crate) no_backup: bool,

    #[command(flatten)]
    pub(crate) decision: DecisionArgs,

    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,

    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct UntagArgs {
    /// Photos and folders to clean, with their sidecars; `-` reads paths from standard input
    #[arg(value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) photo: Vec<PathBuf>,

    /// Print what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Do not keep the original of a changed photo as photo.jpg_original
    #[arg(long)]
    pub(crate) no_backup: bool,

    #[command(flatten)]
    pub(crate) walk: WalkArgs,

    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SidecarNamingArg {
    /// photo.jpg.xmp: digiKam, darktable, Immich
    Appended,
    /// photo.xmp: Lightroom and other programs of Adobe
    Adobe,
}

#[derive(Debug, ClapArgs)]
#[command(group = clap::ArgGroup::new("what").args(["output", "add", "remove", "list"]).required(true))]
pub(crate) struct EnrollArgs {
    #[arg(help = KNOWN_SOURCES, long_help = known_help(KNOWN_SOURCES, " With --from-tags, any photos and folders; with --remove and --list, the gallery file."), value_hint = ValueHint::AnyPath, required_unless_present = "reencode")]
    pub(crate) known: Vec<PathBuf>,

    /// Write the gallery to FILE, whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Let -o replace an existing gallery; the people in it are lost
    #[arg(long, conflicts_with_all = ["add", "remove", "list"])]
    pub(crate) force: bool,

    /// Add the people to the gallery FILE; photos that it already has are enrolled again
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) add: Option<PathBuf>,

    /// Learn people from the named face regions that digiKam, Lightroom and others wrote into
    /// photos and sidecars
    #[arg(long)]
    pub(crate) from_tags: bool,

    /// Encode the faces of GALLERY again, from the photos that it names, such as with another
    /// --encoder
    ///
    /// GALLERY stays as it is. A face is left out, with a message, if its photo is gone or shows
    /// another face or none at that place.
    #[arg(long, value_name = "GALLERY", value_hint = ValueHint::FilePath, requires = "output", conflicts_with_all = ["known", "add", "from_tags", "remove", "list", "follow_links", "hidden"])]
    pub(crate) reencode: Option<PathBuf>,

    /// Remove NAME and all of their faces from the gallery; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) remove: Vec<String>,

    /// Print each person of the gallery and the number of faces
    #[arg(long)]
    pub(crate) list: bool,

    /// Enter folders that are symbolic links
    #[arg(long, hide_short_help = true)]
    pub(crate) follow_links: bool,

    /// Search hidden files and folders too
    #[arg(long, hide_short_help = true)]
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
    #[arg(help = CHECKED_KNOWN, long_help = known_help(CHECKED_KNOWN, ""), value_hint = ValueHint::AnyPath)]
    pub(crate) known: PathBuf,

    /// Largest distance of two faces of one person [default: 0.6, or 1.1 with --encoder
    /// mobilefacenet]
    #[arg(short, long, value_name = "DISTANCE", allow_negative_numbers = true)]
    pub(crate) threshold: Option<DistanceThreshold>,

    /// Format of the findings: one line each, in columns on a terminal, else tab-separated; or one
    /// JSON object
    #[arg(short, long, value_enum, default_value_t = FiguresFormatArg::Text)]
    pub(crate) format: FiguresFormatArg,

    /// Write the findings to FILE, whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Enter folders that are symbolic links
    #[arg(long, hide_short_help = true)]
    pub(crate) follow_links: bool,

    /// Search hidden files and folders too
    #[arg(long, hide_short_help = true)]
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
    /// Print its size and contents
    Stats(CacheFileArgs),
    /// Remove what other versions of facematch found, and compact the file
    Prune {
        /// Also remove what was not used for DAYS days or longer
        #[arg(long = "older-than", value_name = "DAYS", allow_negative_numbers = true, value_parser = whole_number(0..=u32::MAX))]
        unused: Option<u32>,

        #[command(flatten)]
        file: CacheFileArgs,
    },
    /// Delete it, and damaged caches that were renamed
    Clear(CacheFileArgs),
}

#[derive(Debug, ClapArgs)]
#[command(mut_args(hidden_messages))]
pub(crate) struct CacheFileArgs {
    /// The cache [default: FACEMATCH_CACHE, or facematch/cache.redb in the user's cache folder]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) cache: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) messages: MessageArgs,
}
