//! `facematch enroll`: creates a gallery file of known people, adds people to it, removes them, and
//! lists them.

use std::io::Write;
use std::path::Path;

use facematch::cache::FaceFinder;
use facematch::engine::{EngineParams, FaceEngine, SimdLevel};
use facematch::gallery::{
    Fingerprint, Gallery, GalleryBuilder, composed_name, is_gallery_file, read_gallery,
    write_gallery,
};
use facematch::matching::Rules;

use super::known::{KnownPeople, warn_of_similar_names};
use super::known_sources::KnownSources;
use super::reencoding::reencode;
use super::tagged_people::TaggedPeople;
use super::words::counted;
use super::words::skipped_in_words;
use crate::cli::config::{EnrollConfig, GalleryConfig};
use crate::cli::console::Console;
use crate::cli::engine;
use crate::cli::exit::{Exit, Failure};
use crate::cli::guard::{RunInputs, Written};
use crate::cli::inputs::check_known;
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::{Access, Output, ReadFile};
use crate::cli::report::write_people;
use crate::cli::same_file::Existing;
use crate::cli::session::Session;
use crate::cli::terminal;

/// People to enroll.
enum People {
    /// People named by their photos and folders.
    Named(KnownPeople),
    /// People tagged in photos.
    Tagged(TaggedPeople),
}

/// Result of enrolling.
struct Enrolled {
    gallery: Gallery,
    /// Number of photos that could not be read.
    unreadable: usize,
    /// Number of tagged people whose face was not found.
    without_face: usize,
}

impl People {
    fn find(
        config: &GalleryConfig,
        params: &EngineParams,
        console: &Console,
    ) -> Result<Self, Failure> {
        let (known, options) = (&config.known, &config.known_options);
        let encode_from = config.engine.settings.encode_from;
        Ok(match config.from_tags {
            true => {
                let people = TaggedPeople::find(known, options, params, encode_from, console)?;
                Self::Tagged(people)
            }
            false => {
                let people = KnownPeople::find(known, options, params, encode_from, console)?;
                Self::Named(people)
            }
        })
    }

    fn sources(&self) -> &KnownSources {
        match self {
            Self::Named(people) => &people.sources,
            Self::Tagged(people) => &people.sources,
        }
    }

    fn enroll(
        self,
        engines: &mut [Box<dyn FaceEngine>],
        params: &EngineParams,
        finder: &FaceFinder,
        console: &Console,
    ) -> Result<Enrolled, Failure> {
        match self {
            Self::Named(people) => {
                let enrolled = people.enroll(engines, params, finder, console)?;
                Ok(Enrolled {
                    gallery: enrolled.gallery,
                    unreadable: enrolled.unreadable,
                    without_face: 0,
                })
            }
            Self::Tagged(people) => {
                let enrolled = people.enroll(engines, params, finder, console)?;
                Ok(Enrolled {
                    gallery: enrolled.gallery,
                    unreadable: enrolled.counts.unreadable,
                    without_face: enrolled.counts.without_face,
                })
            }
        }
    }
}

pub(crate) fn run(config: &EnrollConfig, console: &Console) -> Result<Exit, Failure> {
    match config {
        EnrollConfig::Write(config) => enroll(config, console),
        EnrollConfig::Reencode(config) => reencode(config, console),
        EnrollConfig::Remove { names, file } => remove(names, file, console),
        EnrollConfig::List { file } => list(file),
    }
}

fn enroll(config: &GalleryConfig, console: &Console) -> Result<Exit, Failure> {
    let adds = config.adds();
    if adds {
        // Checked first because otherwise the wrong file would be overwritten.
        check_gallery(&config.file)?;
    }
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let params = engine::params(&config.engine)?;
    let before = adds.then(|| ReadFile::of(&config.file)).transpose()?;
    let people = People::find(config, &params, console)?;
    people.sources().check_same_options()?;
    let mut read = RunInputs::new(&config.engine, Some(&config.cache));
    let gallery = Existing::of(&config.file);
    let is_changed_gallery = |path: &Path| gallery.as_ref().is_some_and(|file| file.is(path));
    for known in config
        .known
        .iter()
        .filter(|path| !adds || !is_changed_gallery(path))
    {
        read = read.with_known(known);
    }
    let photos = people.sources().photo_paths();
    let read = read.with_photos(photos.map(|(_, photo)| photo));
    let file = Output::open_file(
        &config.file,
        config.written,
        Access::Owner,
        &read,
        &unfinished,
    )?;
    let photos = people.sources().photos();
    let (engine, cache) = (&config.engine, &config.cache);
    let mut session = Session::begin(engine, cache, &read, &params, photos, console, &unfinished)?;
    let fingerprint = people.sources().fingerprint.clone();
    let skipped = people.sources().skipped();
    let Enrolled {
        gallery,
        unreadable,
        without_face,
    } = people.enroll(&mut session.engines, &params, &session.finder, console)?;
    write(&gallery, &fingerprint, file, before.as_ref())?;
    if !config.from_tags {
        let threshold = Rules::default_for(params.encoder).threshold;
        warn_of_similar_names(&gallery, threshold, console);
    }
    let mut failed = String::new();
    if without_face > 0 {
        let regions = counted(without_face, "face region", "face regions");
        failed += &format!("; no face for {regions}");
    }
    if unreadable > 0 {
        failed += &format!("; {unreadable} failed");
    }
    failed += &skipped_in_words(&skipped);
    console.summary(format_args!(
        "{}: {}{failed}",
        config.file.display(),
        in_words(&gallery)
    ));
    session.finish();
    Ok(match unreadable {
        0 => Exit::Done,
        _ => Exit::SomeFailed,
    })
}

/// Removes the people `names` from the gallery `file`.
fn remove(names: &[String], file: &Path, console: &Console) -> Result<Exit, Failure> {
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    check_not_swapped(names, file)?;
    check_gallery(file)?;
    let before = ReadFile::of(file)?;
    let (gallery, fingerprint) = read_gallery(file, SimdLevel::best())?;
    let names: Vec<_> = names.iter().map(|name| composed_name(name)).collect();
    if let Some(stranger) = names
        .iter()
        .find(|name| !gallery.names().any(|known| known == *name))
    {
        return Err(Failure::Start(format!(
            "{}: no person in it is named {stranger:?}; list the names with facematch enroll --list",
            file.display()
        )));
    }
    let mut builder = GalleryBuilder::default();
    builder.add_gallery(&gallery, |face| !names.iter().any(|name| name == face.name));
    let kept = builder.build();
    write(
        &kept,
        &fingerprint,
        Output::open_file(
            file,
            Written::ChangedGallery,
            Access::Owner,
            &RunInputs::default(),
            &unfinished,
        )?,
        Some(&before),
    )?;
    console.summary(format_args!(
        "{}: removed {}; {}",
        file.display(),
        counted(gallery.faces() - kept.faces(), "face", "faces"),
        in_words(&kept)
    ));
    Ok(Exit::Done)
}

/// Prints the people of the gallery `file`.
fn list(file: &Path) -> Result<Exit, Failure> {
    check_gallery(file)?;
    let (gallery, _) = read_gallery(file, SimdLevel::best())?;
    let output = Output::stdout();
    let layout = terminal::layout(None, [], gallery.names());
    output.written(write_people(&gallery, layout, &mut output.writer()))?;
    Ok(Exit::Done)
}

/// Refuses a gallery given instead of a name.
fn check_not_swapped(names: &[String], file: &Path) -> Result<(), Failure> {
    let is_gallery = |name: &&String| is_gallery_file(Path::new(name)).unwrap_or(false);
    match names.iter().find(is_gallery) {
        Some(gallery) if !file.exists() => Err(Failure::Usage(format!(
            "{gallery}: this is a gallery, not a name; write --remove {:?} {gallery}",
            file.display().to_string()
        ))),
        _ => Ok(()),
    }
}

/// Refuses `file` if it does not begin like a gallery.
pub(super) fn check_gallery(file: &Path) -> Result<(), Failure> {
    check_known(file)?;
    match is_gallery_file(file)? {
        true => Ok(()),
        false => Err(Failure::Start(format!(
            "{}: not a gallery file; make one with facematch enroll KNOWN -o FILE",
            file.display()
        ))),
    }
}

/// Writes `gallery` to `file`. If the file was read, its state must still be `before`.
pub(super) fn write(
    gallery: &Gallery,
    fingerprint: &Fingerprint,
    file: Output,
    before: Option<&ReadFile>,
) -> Result<(), Failure> {
    let mut writer = file.writer();
    write_gallery(gallery, fingerprint, &mut writer)
        .and_then(|()| writer.flush())
        .map_err(|error| file.failure(error))?;
    drop(writer);
    if let Some(before) = before {
        before.check_unchanged()?;
    }
    file.finish()
}

pub(super) fn in_words(gallery: &Gallery) -> String {
    format!(
        "{} known by {}",
        counted(gallery.people(), "person", "people"),
        counted(gallery.faces(), "face", "faces")
    )
}
