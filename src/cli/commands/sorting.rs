//! `facematch sort`: sorts photos into one folder per person.

use std::cell::{OnceCell, RefCell};
use std::path::{Path, PathBuf};

use facematch::batch::Input;
use facematch::gallery::Gallery;
use facematch::matching::{Identity, Outcome};

use super::matching::Matching;
use super::run::Done;
use super::words::counted;
use crate::cli::config::SortConfig;
use crate::cli::console::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::folders::{check_no_file, create_folder};
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::check_folder;
use crate::cli::photo_error::PhotoError;
use crate::cli::report::{
    Finding, Photo, PhotoOutcome, SortChange, SortMethod, SortedPhoto, Subject,
};
use crate::cli::same_file::{is_in, resolved};
use crate::cli::sorting::{PersonFolders, Sorter, person_folder, stays};

pub(crate) fn run(config: &SortConfig, console: &Console) -> Result<Exit, Failure> {
    let known = &config.matching.known;
    check_not_known(config)?;
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let _empty_folders = unfinished.empty_folders();
    let method = config.method;
    // Before the folders are created: a dry run creates none, and must end in the same way.
    if let Some(file) = &config.matching.run.results.file {
        check_folder(file)?;
    }
    let mut folders = config.folders();
    let mut sorter = match config.dry_run {
        false => {
            folders.try_for_each(|folder| create_folder(folder, &unfinished))?;
            Sorter::new(method, &unfinished)
        }
        true => {
            folders.try_for_each(check_no_file)?;
            Sorter::telling(method, &unfinished)
        }
    };
    let matching = Matching {
        config: &config.matching,
        at_a_time: 1,
    };
    let reserved = names_in(&config.into, [&config.unknown_into, &config.none_into]);
    let folders = OnceCell::new();
    let sorter = RefCell::new(&mut sorter);
    let stays = |sorter: &mut Sorter, photo: &Path| {
        let is_known = |file: &Path| is_in(file, known);
        let mut shot = sorter.companions(photo).into_iter();
        method == SortMethod::Move && (is_known(photo) || shot.any(|file| is_known(&file)))
    };
    let mut counts = Counts::default();
    let exit = matching.run(
        console,
        &unfinished,
        |gallery: &Gallery, inputs| {
            sorter
                .borrow_mut()
                .expect(inputs.list.iter().map(Input::path));
            folders.get_or_init(|| PersonFolders::of(gallery.names(), &reserved));
            Subject::Places
        },
        |photos| {
            let folders = folders.get_or_init(PersonFolders::default);
            let sort = |photo: &&Photo| {
                let sorter = &mut **sorter.borrow_mut();
                if let Some(leader) = sorter.leader(&photo.path) {
                    counts.led += 1;
                    let [photo, leader] = [&photo.path, &leader].map(|path| path.display());
                    console.detail(format_args!("{photo}: goes with {leader}"));
                    return Done::default();
                }
                if stays(sorter, &photo.path) {
                    counts.known += 1;
                    return Done::default();
                }
                let mut places = Vec::new();
                let mut errors = Vec::new();
                for place in sort(config, photo, folders, sorter) {
                    match place {
                        Ok(place) => places.push(place),
                        Err(error) => errors.push(error),
                    }
                }
                counts.add(&places);
                Done {
                    outcome: PhotoOutcome::Sorted(places),
                    errors,
                }
            };
            Ok(photos.iter().map(sort).collect())
        },
    )?;
    console.summary(counts.in_words(method, config.dry_run));
    Ok(exit)
}

/// Refuses a target folder in KNOWN: one wrong name would make later photos of that face match too.
fn check_not_known(config: &SortConfig) -> Result<(), Failure> {
    let known = &config.matching.known;
    match config.folders().find(|folder| is_in(folder, known)) {
        Some(folder) => Err(Failure::Usage(format!(
            "{}: photos in this folder would become known photos; name another one",
            folder.display()
        ))),
        None => Ok(()),
    }
}

/// Returns the names of those of `folders` that are directly in `into`. No person's folder may have
/// one of these names.
fn names_in(into: &Path, folders: [&Option<PathBuf>; 2]) -> Vec<String> {
    let into = resolved(into);
    let is_in = |folder: &PathBuf| resolved(folder).parent() == Some(&into);
    let folders = folders.into_iter().flatten();
    let names = folders
        .filter(|folder| is_in(folder))
        .filter_map(|folder| folder.file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

/// Puts a photo into its folders.
fn sort(
    config: &SortConfig,
    photo: &Photo,
    folders: &PersonFolders,
    sorter: &mut Sorter,
) -> Vec<Result<SortedPhoto, PhotoError>> {
    let known = &config.matching.known;
    let people = people_on(photo);
    let people = match people.len() {
        0 | 1 => &people[..],
        _ if config.first => &people[..1],
        count if config.method == SortMethod::Move => {
            let reason = format!(
                "{count} known people are in it, and it can be moved to only one folder; use --first, or another --by"
            );
            return vec![Err(stays(&photo.path, &reason))];
        }
        _ => &people[..],
    };
    if people.is_empty() {
        let folder = match photo.faces.is_empty() {
            true => &config.none_into,
            false => &config.unknown_into,
        };
        let folder = folder.iter();
        return folder
            .map(|folder| {
                check_not_in_known(photo, folder, known)?;
                sorter.sort(&photo.path, folder, None)
            })
            .collect();
    }
    let into_folder_of = |person: &&str| {
        let folder = person_folder(&config.into, person, folders);
        check_not_in_known(photo, &folder, known)?;
        sorter.sort(&photo.path, &folder, Some(person))
    };
    people.iter().map(into_folder_of).collect()
}

/// Refuses a `folder` that leads into KNOWN, for example through a link.
fn check_not_in_known(photo: &Photo, folder: &Path, known: &Path) -> Result<(), PhotoError> {
    match is_in(folder, known) {
        true => {
            let reason = format!(
                "{} leads into KNOWN, and photos there would become known photos; remove that link",
                folder.display()
            );
            Err(stays(&photo.path, &reason))
        }
        false => Ok(()),
    }
}

/// Returns the known people in a photo from left to right, each once.
fn people_on(photo: &Photo) -> Vec<&str> {
    let mut people = Vec::new();
    for face in &photo.faces {
        if let Finding::Identity { identity, .. } = &face.finding
            && identity.outcome == Outcome::Match
            && let Some(name) = Identity::name(identity)
            && !people.contains(&name)
        {
            people.push(name);
        }
    }
    people
}

/// Number of photos of each kind.
#[derive(Debug, Default)]
struct Counts {
    /// Photos that were put into at least one folder.
    new: usize,
    /// Folders that these photos were put into: two for a photo of two people.
    new_places: usize,
    /// Photos that were already in all of their folders.
    kept: usize,
    /// Photos of KNOWN, which stay where they are.
    known: usize,
    /// Photos that go with another photo of the same shot.
    led: usize,
}

impl Counts {
    /// Counts a photo with all of its `places`. A photo that is not sorted has none.
    fn add(&mut self, places: &[SortedPhoto]) {
        let is_new = |place: &&SortedPhoto| place.change == SortChange::Create;
        match places.iter().filter(is_new).count() {
            0 if places.is_empty() => {}
            0 => self.kept += 1,
            count => {
                self.new += 1;
                self.new_places += count;
            }
        }
    }

    /// Returns a summary such as "3 photos copied to 4 places, 2 unchanged", or the equivalent for
    /// a dry run. The number of places is given only if it exceeds that of photos.
    fn in_words(&self, method: SortMethod, dry_run: bool) -> String {
        let done = match (method, dry_run) {
            (SortMethod::Copy, false) => "copied",
            (SortMethod::Copy, true) => "to copy",
            (SortMethod::Hardlink | SortMethod::Symlink, false) => "linked",
            (SortMethod::Hardlink | SortMethod::Symlink, true) => "to link",
            (SortMethod::Move, false) => "moved",
            (SortMethod::Move, true) => "to move",
        };
        let mut words = format!("{} {done}", counted(self.new, "photo", "photos"));
        if self.new_places > self.new {
            words += &format!(" to {} places", self.new_places);
        }
        if self.kept > 0 {
            words += &format!(", {} unchanged", self.kept);
        }
        if self.led > 0 {
            let led = match self.led {
                1 => "1 photo goes with another of the same shot".to_owned(),
                led => format!("{led} photos go with others of the same shots"),
            };
            words += &format!("; {led}");
        }
        if self.known > 0 {
            let known = counted(self.known, "known photo stays", "known photos stay");
            words += &format!("; {known}");
        }
        words
    }
}
