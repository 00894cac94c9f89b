//! The arguments of `facematch sort`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum, ValueHint};

use super::options::automatic_by_default;
use super::{CommonArgs, DecisionArgs, EncodingArgs, KNOWN, one_known};

#[derive(Debug, ClapArgs)]
#[command(mut_arg("threshold", automatic_by_default))]
pub(crate) struct SortArgs {
    #[arg(help = KNOWN, long_help = one_known(), value_hint = ValueHint::AnyPath)]
    pub(crate) known: PathBuf,

    /// Photos and folders to sort; `-` reads paths from standard input
    #[arg(value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) photo: Vec<PathBuf>,

    /// Where to put the folders; it is not searched
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) into: PathBuf,

    /// How to put photos there
    #[arg(long, value_enum, value_name = "HOW", default_value_t = SortByArg::Copy)]
    pub(crate) by: SortByArg,

    /// Put a photo with several known people only into the folder of the first, from left to right
    #[arg(long)]
    pub(crate) first: bool,

    /// Put photos that show only unknown faces into DIR
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) unknown_into: Option<PathBuf>,

    /// Put photos without faces into DIR
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) none_into: Option<PathBuf>,

    /// Print what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) decision: DecisionArgs,

    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,

    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SortByArg {
    /// Copied, with the time of their last change
    Copy,
    /// A second name for the same file, which takes no space
    Hardlink,
    /// A link to the photo, which breaks when the photo is moved
    Symlink,
    /// Moved; a photo with several known people stays where it is unless --first is given
    Move,
}
