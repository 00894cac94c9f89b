//! Configurations of the other commands.

use std::path::{Path, PathBuf};

use facematch::batch::WalkOptions;
use facematch::engine::EncoderKind;
use facematch::matching::{DistanceThreshold, Rules};

use super::{CacheConfig, Decision, EngineConfig, FiguresFormat, PhotoSource, Results};
use crate::cli::exit::Failure;
use crate::cli::report::{Format, SortMethod};
use crate::cli::tagging::{Backup, SidecarNaming, Writing};

/// A run through photos.
#[derive(Debug)]
pub(crate) struct RunConfig {
    pub(crate) photos: PhotoSource,
    pub(crate) engine: EngineConfig,
    pub(crate) cache: CacheConfig,
    pub(crate) results: Results,
    /// `true` if the time of each stage is printed.
    pub(crate) timings: bool,
}

impl RunConfig {
    /// Refuses options that do not work or have no effect together.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.engine.check()?;
        self.results.check()?;
        self.photos.check()
    }
}

/// Configuration of the default command, which finds known people in photos.
#[derive(Debug)]
pub(crate) struct MatchConfig {
    pub(crate) known: PathBuf,
    pub(crate) known_options: WalkOptions,
    pub(crate) decision: Decision,
    pub(crate) run: RunConfig,
}

/// Configuration of `facematch detect`.
#[derive(Debug)]
pub(crate) struct DetectConfig {
    pub(crate) run: RunConfig,
}

/// Configuration of `facematch tag`.
#[derive(Debug)]
pub(crate) struct TagConfig {
    pub(crate) matching: MatchConfig,
    pub(crate) target: NameTarget,
    pub(crate) writing: Writing,
}

/// Destination of the names that `facematch tag` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameTarget {
    Sidecars(SidecarNaming),
    Photos(Backup),
    /// The results, in the form that ExifTool imports.
    Exiftool,
}

impl NameTarget {
    /// Returns the destination for results in this `format`: the photos if there is a backup mode
    /// in `embedded`, otherwise sidecars.
    pub(crate) fn new(
        format: Format,
        embedded: Option<Backup>,
        naming: SidecarNaming,
    ) -> Result<Self, Failure> {
        match (format, embedded) {
            (Format::ExiftoolJson, Some(_)) => Err(Failure::Usage(
                "-f exiftool-json prints the names instead of writing them; leave out --embed"
                    .to_owned(),
            )),
            (Format::ExiftoolJson, None) => Ok(Self::Exiftool),
            (_, Some(backup)) => Ok(Self::Photos(backup)),
            (_, None) => Ok(Self::Sidecars(naming)),
        }
    }
}

/// Configuration of `facematch untag`.
#[derive(Debug)]
pub(crate) struct UntagConfig {
    pub(crate) photos: PhotoSource,
    pub(crate) writing: Writing,
    pub(crate) backup: Backup,
}

/// Configuration of `facematch sort`. Photos in its target folders are skipped.
#[derive(Debug)]
pub(crate) struct SortConfig {
    pub(crate) matching: MatchConfig,
    /// Folder that contains the folders of people.
    pub(crate) into: PathBuf,
    pub(crate) method: SortMethod,
    /// `true` if a photo goes only into the folder of the first person.
    pub(crate) first: bool,
    /// Folder for photos that show only unknown faces.
    pub(crate) unknown_into: Option<PathBuf>,
    /// Folder for photos without faces.
    pub(crate) none_into: Option<PathBuf>,
    pub(crate) dry_run: bool,
}

impl SortConfig {
    /// Returns the folders that photos are put into.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.matching
            .run
            .photos
            .left_out
            .iter()
            .map(PathBuf::as_path)
    }
}

/// Configuration of `facematch check`.
#[derive(Debug)]
pub(crate) struct CheckConfig {
    pub(crate) known: PathBuf,
    pub(crate) known_options: WalkOptions,
    /// Largest distance of two faces of one person, or `None` for that of the encoder.
    pub(crate) threshold: Option<DistanceThreshold>,
    pub(crate) format: FiguresFormat,
    pub(crate) output: Option<PathBuf>,
    pub(crate) engine: EngineConfig,
    /// First of the given options that have no effect on a gallery file.
    pub(crate) about_photos: Option<String>,
}

/// Configuration of `facematch eval pairs`.
#[derive(Debug)]
pub(crate) struct EvalPairsConfig {
    /// List of pairs.
    pub(crate) pairs: PathBuf,
    /// Folder that the paths in the list are relative to, or `None` for the folder of the list.
    pub(crate) root: Option<PathBuf>,
    /// Largest distance of two faces of one person, or `None` for that of the encoder.
    pub(crate) threshold: Option<DistanceThreshold>,
    pub(crate) format: FiguresFormat,
    pub(crate) output: Option<PathBuf>,
    pub(crate) plot: Option<PathBuf>,
    /// Configuration of the engine, apart from the encoder.
    pub(crate) engine: EngineConfig,
    /// Encoders to measure, at least one.
    pub(crate) encoders: Vec<EncoderKind>,
    pub(crate) cache: CacheConfig,
}

impl EvalPairsConfig {
    /// Returns the folder that the paths in the list are relative to.
    pub(crate) fn root(&self) -> &Path {
        let beside = || self.pairs.parent().unwrap_or(Path::new(""));
        self.root.as_deref().unwrap_or_else(beside)
    }

    /// Returns the largest distance of two faces of one person for encodings of `encoder`.
    pub(crate) fn threshold_for(&self, encoder: EncoderKind) -> DistanceThreshold {
        (self.threshold).unwrap_or(Rules::default_for(encoder).threshold)
    }
}

/// Configuration of `facematch eval identify`.
#[derive(Debug)]
pub(crate) struct EvalIdentifyConfig {
    pub(crate) known: PathBuf,
    /// Folder that the paths in `labels` are relative to.
    pub(crate) unknown: PathBuf,
    /// List of the people in each photo.
    pub(crate) labels: PathBuf,
    pub(crate) format: FiguresFormat,
    pub(crate) output: Option<PathBuf>,
    pub(crate) decision: Decision,
    pub(crate) engine: EngineConfig,
    pub(crate) cache: CacheConfig,
}

/// Configuration of `facematch eval impostors`.
#[derive(Debug)]
pub(crate) struct EvalImpostorsConfig {
    /// Folder of the photos.
    pub(crate) people: PathBuf,
    pub(crate) output: Option<PathBuf>,
    pub(crate) engine: EngineConfig,
    pub(crate) cache: CacheConfig,
}

/// Refuses the option `given`, which affects the encoding of faces, for a run that encodes none.
pub(crate) fn refuse_encoding_options(given: Option<&str>) -> Result<(), Failure> {
    match given {
        Some(option) => Err(Failure::Usage(format!("{option} needs --with-encodings"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_to_one_place() {
        let naming = SidecarNaming::Adobe;
        let target = |format, embedded| NameTarget::new(format, embedded, naming);
        let backup = Some(Backup::None);
        let refused = target(Format::ExiftoolJson, backup).unwrap_err();
        assert!(refused.to_string().ends_with("; leave out --embed"));
        for (format, embedded, expected) in [
            (Format::ExiftoolJson, None, NameTarget::Exiftool),
            (Format::Json, backup, NameTarget::Photos(Backup::None)),
            (Format::Text, None, NameTarget::Sidecars(naming)),
        ] {
            assert_eq!(target(format, embedded).unwrap(), expected);
        }
    }

    #[test]
    fn an_option_about_encodings_needs_encodings() {
        let refused = refuse_encoding_options(Some("--jitters")).unwrap_err();
        assert_eq!(refused.to_string(), "--jitters needs --with-encodings");
        refuse_encoding_options(None).unwrap();
    }

    #[test]
    fn pairs_are_beside_their_list_unless_the_user_says_otherwise() {
        let mut config = EvalPairsConfig {
            pairs: "lists/pairs.csv".into(),
            root: None,
            threshold: None,
            format: FiguresFormat::Text,
            output: None,
            plot: None,
            engine: EngineConfig::default(),
            encoders: vec![EncoderKind::Dlib],
            cache: CacheConfig::default(),
        };
        assert_eq!(config.root(), Path::new("lists"));
        config.root = Some("photos".into());
        assert_eq!(config.root(), Path::new("photos"));
    }
}
