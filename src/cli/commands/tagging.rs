//! `facematch tag` and `facematch untag`: write names into photos or their sidecars, and remove
//! them.

use std::path::Path;

use facematch::batch::Input;
use facematch::matching::Outcome;
use facematch_image_files::Orientation;
use facematch_xmp::{Area, FaceTag, PhotoTags};

use super::matching::Matching;
use super::run::Done;
use super::words::counted;
use super::words::skipped_in_words;
use crate::cli::config::{NameTarget, TagConfig, UntagConfig};
use crate::cli::console::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::inputs::{check_no_gallery, inputs};
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::Output;
use crate::cli::photo_error::PhotoError;
use crate::cli::report::{
    FaceRecord, Finding, Photo, PhotoOutcome, Subject, TagChange, TagPlace, TaggedFile,
    TaggedFiles, TextStyle,
};
use crate::cli::tagging::{
    Backup, EmbeddedTags, ExiftoolTags, SidecarNaming, Sidecars, TaggingRun, Writing,
};
use crate::cli::terminal;

/// Number of files by outcome, for sidecars or for photos.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    created: usize,
    changed: usize,
    kept: usize,
    removed: usize,
}

impl Counts {
    fn add(&mut self, change: TagChange) {
        *match change {
            TagChange::Create => &mut self.created,
            TagChange::Change => &mut self.changed,
            TagChange::Keep => &mut self.kept,
            TagChange::Remove => &mut self.removed,
        } += 1;
    }

    /// Returns a summary such as "3 sidecars created, 1 changed, 2 unchanged", or the equivalent
    /// for a dry run; `None` if there are no files.
    fn in_words(&self, [one, many]: [&str; 2], writing: Writing) -> Option<String> {
        let [created, changed, removed] = match writing {
            Writing::Done => ["created", "changed", "removed"],
            Writing::Told => ["to create", "to change", "to remove"],
        };
        let kinds = [
            (self.created, created),
            (self.changed, changed),
            (self.removed, removed),
            (self.kept, "unchanged"),
        ];
        let mut kinds = kinds.into_iter().filter(|(count, _)| *count > 0);
        let (first, kind) = kinds.next()?;
        let first = format!("{} {kind}", counted(first, one, many));
        Some(kinds.fold(first, |words, (count, kind)| {
            format!("{words}, {count} {kind}")
        }))
    }
}

/// Number of sidecars and photos by outcome.
#[derive(Debug, Default)]
struct FileCounts {
    sidecars: Counts,
    photos: Counts,
}

impl FileCounts {
    fn add(&mut self, file: &TaggedFile) {
        match file.place {
            TagPlace::Sidecar => self.sidecars.add(file.change),
            TagPlace::Photo => self.photos.add(file.change),
        }
    }

    /// Returns a summary such as "1 sidecar created; 2 photos changed"; `None` if there are no
    /// files.
    fn in_words(&self, writing: Writing) -> Option<String> {
        let sidecars = self.sidecars.in_words(["sidecar", "sidecars"], writing);
        let photos = self.photos.in_words(["photo", "photos"], writing);
        match (sidecars, photos) {
            (Some(sidecars), Some(photos)) => Some(format!("{sidecars}; {photos}")),
            (words, None) | (None, words) => words,
        }
    }

    /// Returns the same as [`Self::in_words`], or "no `none`" if there are no files.
    fn or_none(&self, writing: Writing, none: &str) -> String {
        self.in_words(writing)
            .unwrap_or_else(|| format!("no {none}"))
    }
}

/// Outcome of a run of `untag`.
#[derive(Debug, Default)]
struct UntagCounts {
    /// Number of photos that exist or have sidecars.
    photos: usize,
    files: FileCounts,
    failed: usize,
}

impl UntagCounts {
    /// Returns a summary such as "2 photos: 1 sidecar removed; 1 failed". It says that there are no
    /// names only if all photos could be read.
    fn in_words(&self, writing: Writing) -> String {
        let photos = counted(self.photos, "photo", "photos");
        let words = match (self.files.in_words(writing), self.failed) {
            (Some(files), _) => format!("{photos}: {files}"),
            (None, 0) => format!("{photos}: no names written by facematch"),
            (None, _) => photos,
        };
        match self.failed {
            0 => words,
            failed => format!("{words}; {failed} failed"),
        }
    }
}

/// Writer for the names of a run.
enum Tagger {
    Sidecars(Sidecars, SidecarNaming),
    Photos(EmbeddedTags),
    Exiftool(ExiftoolTags),
}

impl Tagger {
    fn new(
        target: NameTarget,
        run: &TaggingRun,
        unfinished: &UnfinishedFiles,
    ) -> Result<Self, Failure> {
        Ok(match target {
            NameTarget::Sidecars(naming) => Self::Sidecars(Sidecars::new(run, unfinished), naming),
            NameTarget::Photos(backup) => {
                let embedded = EmbeddedTags::new(run, backup, unfinished);
                Self::Photos(embedded.map_err(cannot_embed)?)
            }
            NameTarget::Exiftool => Self::Exiftool(ExiftoolTags::new(run)),
        })
    }

    /// Waits until names can be written.
    fn check(&mut self) -> Result<(), Failure> {
        match self {
            Self::Photos(embedded) => embedded.check().map_err(cannot_embed),
            Self::Sidecars(..) | Self::Exiftool(_) => Ok(()),
        }
    }

    fn place(&self) -> TagPlace {
        match self {
            Self::Sidecars(..) => TagPlace::Sidecar,
            Self::Photos(_) | Self::Exiftool(_) => TagPlace::Photo,
        }
    }

    /// Returns the number of photos per batch.
    fn at_a_time(&self) -> usize {
        match self {
            Self::Sidecars(..) | Self::Exiftool(_) => 1,
            Self::Photos(_) => EmbeddedTags::AT_A_TIME,
        }
    }

    /// Tags `photos` and returns their outcomes in the same order.
    fn tag(&mut self, photos: &[(&Path, &PhotoTags)]) -> Vec<Result<PhotoOutcome, PhotoError>> {
        let outcome = |file: Option<_>| file.map_or(PhotoOutcome::Nothing, PhotoOutcome::Tagged);
        match self {
            // One after the other, because photos may share a sidecar.
            Self::Sidecars(sidecars, naming) => {
                let files = photos
                    .iter()
                    .map(|(photo, tags)| sidecars.tag(photo, tags, *naming));
                files.map(|file| file.map(outcome)).collect()
            }
            Self::Photos(embedded) => {
                let files = embedded.tag(photos).into_iter();
                files.map(|file| file.map(outcome)).collect()
            }
            Self::Exiftool(exiftool) => {
                let tags = photos.iter().map(|(photo, tags)| exiftool.of(photo, tags));
                let outcome = |tags: Option<_>| {
                    tags.map_or(PhotoOutcome::Nothing, PhotoOutcome::ExiftoolTags)
                };
                tags.map(|tags| tags.map(outcome)).collect()
            }
        }
    }
}

pub(crate) fn tag(config: &TagConfig, console: &Console) -> Result<Exit, Failure> {
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let run = TaggingRun::begin(config.writing);
    let mut tagger = Tagger::new(config.target, &run, &unfinished)?;
    let place = tagger.place();
    let matching = Matching {
        config: &config.matching,
        at_a_time: tagger.at_a_time(),
    };
    let mut counts = FileCounts::default();
    let mut printed = 0;
    let exit = matching.run(
        console,
        &unfinished,
        |_, _| Subject::Tags(place),
        |photos| {
            // Checked only now, because ExifTool starts up while the first photos are searched.
            tagger.check()?;
            let tags: Vec<_> = photos.iter().map(|photo| tags_of(photo)).collect();
            let photos = photos.iter().map(|photo| photo.path.as_path()).zip(&tags);
            let named: Vec<_> = photos.filter(|(_, tags)| !tags.faces.is_empty()).collect();
            let mut outcomes = tagger.tag(&named).into_iter();
            let done = tags.iter().map(|tags| match tags.faces.is_empty() {
                true => Done::default(),
                false => outcomes.next().map_or_else(Done::default, Done::from),
            });
            let done: Vec<_> = done.collect();
            for Done { outcome, .. } in &done {
                match outcome {
                    PhotoOutcome::Tagged(file) => counts.add(file),
                    PhotoOutcome::ExiftoolTags(_) => printed += 1,
                    _ => {}
                }
            }
            Ok(done)
        },
    )?;
    console.summary(match &tagger {
        Tagger::Sidecars(..) => counts.or_none(run.writing, "sidecars"),
        Tagger::Photos(_) => counts.or_none(run.writing, "photos tagged"),
        Tagger::Exiftool(_) => {
            let photos = counted(printed, "photo", "photos");
            format!("{photos} for exiftool -json=FILE")
        }
    });
    Ok(exit)
}

/// Removes names from files.
struct Untagger {
    run: TaggingRun,
    sidecars: Sidecars,
    /// `None` until the first photo that has names inside.
    embedded: Option<EmbeddedTags>,
    backup: Backup,
    unfinished: UnfinishedFiles,
}

impl Untagger {
    /// Removes names from the sidecars of the photo `input` and from the photo itself, and returns
    /// the outcomes.
    ///
    /// # Errors
    /// If the photo does not exist.
    fn untag(&mut self, input: &Input) -> Result<Vec<Result<TaggedFile, PhotoError>>, PhotoError> {
        if let Some(problem) = input.problem() {
            return Err(problem.into());
        }
        let photo = input.path();
        let sidecars = Sidecars::of(photo)?
            .into_iter()
            .map(|path| self.sidecars.untag(photo, path));
        let mut files: Vec<_> = sidecars.collect();
        files.extend(self.untag_inside(photo).transpose());
        Ok(files)
    }

    fn untag_inside(&mut self, photo: &Path) -> Result<Option<TaggedFile>, PhotoError> {
        // A photo that was moved away may leave its sidecars behind.
        if !photo.exists() || !EmbeddedTags::may_be_in(photo)? {
            return Ok(None);
        }
        let mut embedded =
            match self.embedded.take() {
                Some(embedded) => embedded,
                None => EmbeddedTags::new(&self.run, self.backup, &self.unfinished).map_err(
                    |reason| PhotoError::Embedding {
                        path: photo.to_owned(),
                        reason,
                    },
                )?,
            };
        let file = embedded.untag(photo);
        self.embedded = Some(embedded);
        file
    }
}

pub(crate) fn untag(config: &UntagConfig, console: &Console) -> Result<Exit, Failure> {
    check_no_gallery(&config.photos.paths, |_| {
        "facematch enroll --remove NAME FILE removes people from it".to_owned()
    })?;
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let run = TaggingRun::begin(config.writing);
    let mut untagger = Untagger {
        sidecars: Sidecars::new(&run, &unfinished),
        embedded: None,
        backup: config.backup,
        run,
        unfinished,
    };
    let inputs = inputs(&config.photos, console)?;
    let output = Output::stdout();
    let layout = terminal::layout(None, inputs.list.iter().map(Input::path), []);
    let colored = false;
    let mut lines = TaggedFiles::new(
        output.writer(),
        TextStyle {
            colored,
            layout,
            with_rates: false,
        },
    );
    let bar = console.progress("untagging", inputs.list.len());
    let mut counts = UntagCounts::default();
    for input in &inputs.list {
        let files = untagger.untag(input);
        counts.photos += usize::from(files.is_ok());
        for file in files.unwrap_or_else(|error| vec![Err(error)]) {
            bar.suspend(|| match file {
                Ok(file) if file.change == TagChange::Keep => {
                    counts.files.add(&file);
                    console.detail(format_args!("{}: unchanged", file.path.display()));
                    Ok(())
                }
                Ok(file) => {
                    counts.files.add(&file);
                    output.written(lines.write(input.path(), &file, &[]))
                }
                Err(error) => {
                    counts.failed += 1;
                    console.error(error);
                    Ok(())
                }
            })?;
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    console.summary(format_args!(
        "{}{}",
        counts.in_words(untagger.run.writing),
        skipped_in_words(&inputs.skipped)
    ));
    Ok(match counts.failed {
        0 => Exit::Done,
        _ => Exit::SomeFailed,
    })
}

fn cannot_embed(reason: String) -> Failure {
    Failure::Start(format!("{reason}, or write sidecars, without --embed"))
}

/// Returns the recognized faces of a photo, for its metadata.
fn tags_of(photo: &Photo) -> PhotoTags {
    let size = (photo.width, photo.height);
    let orientation = Orientation::from_exif(photo.orientation).unwrap_or(Orientation::UPRIGHT);
    let stored_size = match orientation.swaps_sides() {
        true => (size.1, size.0),
        false => size,
    };
    let tag = |face: &FaceRecord| match &face.finding {
        Finding::Identity { identity, .. } if identity.outcome == Outcome::Match => Some(FaceTag {
            name: identity.name()?.to_owned(),
            area: Area::of_box(face.bounds, size).stored(orientation),
            distance: identity.distance()?,
        }),
        _ => None,
    };
    PhotoTags {
        stored_size,
        faces: photo.faces.iter().filter_map(tag).collect(),
    }
}
