//! The arguments as clap parses them: here the commands, in [`options`] what several of them share.

mod evaluating;
mod options;
mod sorting;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};
use facematch::matching::DistanceThreshold;

pub(crate) use evaluating::{
    EvalCommand, EvalFormatArg, EvalIdentifyArgs, EvalImpostorsArgs, EvalPairsArgs,
};
pub(crate) use options::{
    CacheArgs, CommonArgs, DecisionArgs, DetectorArg, EncodeFromArg, EncodingArgs, EngineArg,
    EngineArgs, FormatArg, MessageArgs, OutputArgs, ThresholdArg, WalkArgs, When,
};

pub(crate) use sorting::{SortArgs, SortByArg};

use options::first_given;

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
    /// Write the names of known people into XMP sidecars of the photos, or into the photos, for photo managers
    ///
    /// photo.jpg.xmp gets a face region and keywords for everybody who is known, if there is a match; with --embed the photo
    /// itself. What is there stays as it is. One line is printed for each file that is made or changed: the photo, what was
    /// done, the file, the names. With -f exiftool-json nothing is written, and what exiftool -json=FILE reads is printed.
    #[command(override_usage = "facematch tag [OPTIONS] <KNOWN> <PHOTO>...")]
    Tag(TagArgs),
    /// Take what `facematch tag` wrote out of sidecars and photos again, and nothing else
    #[command(override_usage = "facematch untag [OPTIONS] <PHOTO>...")]
    Untag(UntagArgs),
    /// Bring photos into folders by person, DIR/Ann/photo.jpg: copied, linked or moved
    ///
    /// A photo with two people stands in both folders; photos without a match stay where they are. Sidecars go along.
    /// Nothing is ever written over: of another photo of that name the folder has photo.2.jpg. One line is printed for each
    /// photo that comes to a place: the photo, what was done, the place, the person.
    #[command(override_usage = "facematch sort [OPTIONS] --into <DIR> <KNOWN> <PHOTO>...")]
    Sort(SortArgs),
    /// Keep known people in a gallery file, so that their photos are searched only once
    ///
    /// The file takes the place of KNOWN: facematch people.safetensors ~/Photos. It holds encodings, which are biometric
    /// data: only you can read it, and deleting it deletes them.
    #[command(
        override_usage = "facematch enroll [OPTIONS] <KNOWN>... -o <FILE>\n       \
                          facematch enroll [OPTIONS] --add <FILE> <KNOWN>...\n       \
                          facematch enroll --from-tags [OPTIONS] <PHOTO>... -o <FILE>\n       \
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
pub(crate) struct TagArgs {
    /// Known people: a folder (known/ann.jpg, known/ann.2.jpg, known/Eileen Collins/*.jpg), one photo, or a gallery file
    /// that `facematch enroll` made
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) known: PathBuf,

    /// Folders and photos to tag; `-` reads paths from standard input
    #[arg(value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) photo: Vec<PathBuf>,

    /// Say what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// How new sidecars are called; one that is there is used, however it is called
    #[arg(long, value_enum, value_name = "HOW", default_value_t = SidecarNamingArg::Appended)]
    pub(crate) sidecar_naming: SidecarNamingArg,

    /// Write into the photos themselves, with exiftool (version 12 or newer), in the place of sidecars
    #[arg(long, conflicts_with = "sidecar_naming")]
    pub(crate) embed: bool,

    /// Keep no photo.jpg_original beside a photo that was written to
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
    /// Folders and photos that are cleaned, with their sidecars; `-` reads paths from standard input
    #[arg(value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) photo: Vec<PathBuf>,

    /// Say what would be done, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Keep no photo.jpg_original beside a photo that was written to
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
    /// Known people: folders (known/ann.jpg, known/ann.2.jpg, known/Eileen Collins/*.jpg), photos, and gallery files,
    /// whose people are taken over; with --from-tags folders and photos of whomever; with --remove and --list the gallery
    /// file
    #[arg(value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) known: Vec<PathBuf>,

    /// Write the gallery to FILE, whole or not at all
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,

    /// Add the people to the gallery FILE; photos that it has already are enrolled anew
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) add: Option<PathBuf>,

    /// Learn people from the face regions with names that digiKam, Lightroom and others have written into photos and
    /// sidecars, whatever the photos are called
    #[arg(long)]
    pub(crate) from_tags: bool,

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

impl EnrollArgs {
    /// The first option that is about photos: it has no effect where none is searched.
    pub(crate) fn about_photos(&self) -> Option<&'static str> {
        let others = [
            (self.from_tags, "--from-tags"),
            (self.follow_links, "--follow-links"),
            (self.hidden, "--hidden"),
            (self.engine.jobs.is_some(), "--jobs"),
            (self.cache.cache.is_some(), "--cache"),
            (self.cache.no_cache, "--no-cache"),
        ];
        let searching = self.engine.given().or_else(|| self.encoding.given());
        searching.or_else(|| first_given(&others))
    }
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

impl CheckArgs {
    /// The first option that is about photos: it has no effect on a gallery file.
    pub(crate) fn about_photos(&self) -> Option<&'static str> {
        let choosing = [
            (self.follow_links, "--follow-links"),
            (self.hidden, "--hidden"),
        ];
        let searching = self.engine.given().or_else(|| self.encoding.given());
        searching.or_else(|| first_given(&choosing))
    }
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormatArg {
    /// One line per finding, tab-separated
    Text,
    /// One JSON object
    Json,
}
