//! The arguments of `facematch sort`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum, ValueHint};

use super::{CommonArgs, DecisionArgs, EncodingArgs};

#[derive(Debug, ClapArgs)]
pub(crate) struct SortArgs {
    /// Known people: a folder (known/ann.jpg, known/ann.2.jpg, known/Eileen Collins/*.jpg), one photo, or a gallery file
    /// that `facematch enroll` made
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) known: PathBuf,

    /// Folders and photos to sort; `-` reads paths from standard input
    #[arg(value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) photo: Vec<PathBuf>,

    /// Where the folders of the people are; it is left out of the search
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) into: PathBuf,

    /// How photos come there
    #[arg(long, value_enum, value_name = "HOW", default_value_t = SortByArg::Copy)]
    pub(crate) by: SortByArg,

    /// Put a photo with several known people to the first of them alone, from left to right
    #[arg(long)]
    pub(crate) first: bool,

    /// Put photos with faces of nobody known into DIR
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) unknown_into: Option<PathBuf>,

    /// Put photos without faces into DIR
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) none_into: Option<PathBuf>,

    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) decision: DecisionArgs,

    #[command(flatten)]
    pub(crate) encoding: EncodingArgs,

    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

impl SortArgs {
    /// The folders that photos are put into.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &PathBuf> {
        let others = [&self.unknown_into, &self.none_into];
        std::iter::once(&self.into).chain(others.into_iter().flatten())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SortByArg {
    /// Copied, with the time of their last change
    Copy,
    /// Another name for the same file, which takes no space
    Hardlink,
    /// A link to the photo, which ends when that is moved
    Symlink,
    /// Moved; a photo with several known people stays where it is, unless --first is given
    Move,
}
