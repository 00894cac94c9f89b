//! Sorting of photos into folders by person. Input: photos with the people in them. Output: copies,
//! links or the photos themselves, with their sidecars and the other files of their shots, at
//! `DIR/<person>/photo.jpg`.

mod folders;
mod places;
mod shots;
mod together;
mod transfer;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use super::interrupt::UnfinishedFiles;
use super::same_file::Existing;
use crate::cli::photo_error::PhotoError;
use crate::cli::report::{SortChange, SortMethod, SortedPhoto};
use crate::cli::tagging::sidecar_places;
pub(super) use folders::PersonFolders;
use places::{Companion, companions_of, numbered};
use shots::Shots;
use together::{FileError, Together};
use transfer::{Arrival, check_movable, holds, is_at, left_copy, would_hold};

/// State of a place for a file.
enum Place {
    Free,
    /// The file is there, in this way.
    Taken(Arrival),
    /// Another file is there.
    Other,
}

/// Sorter of photos into folders.
pub(super) struct Sorter {
    method: SortMethod,
    /// In a dry run, the places that would be taken by now, each with the photo or sidecar there.
    told: Option<HashMap<PathBuf, PathBuf>>,
    unfinished: UnfinishedFiles,
    shots: Shots,
}

impl Sorter {
    /// Returns a sorter that creates or moves files.
    pub(super) fn new(method: SortMethod, unfinished: &UnfinishedFiles) -> Self {
        Self {
            method,
            told: None,
            unfinished: unfinished.clone(),
            shots: Shots::default(),
        }
    }

    /// Returns a sorter for a dry run.
    pub(super) fn telling(method: SortMethod, unfinished: &UnfinishedFiles) -> Self {
        Self {
            told: Some(HashMap::new()),
            ..Self::new(method, unfinished)
        }
    }

    /// Takes note of the `photos` that the run searches.
    pub(super) fn expect<'a>(&mut self, photos: impl Iterator<Item = &'a Path>) {
        self.shots = Shots::of(photos);
    }

    /// Returns the photo that takes `photo` with it, if it is another photo of the same shot.
    pub(super) fn leader(&mut self, photo: &Path) -> Option<PathBuf> {
        self.shots.leader(photo)
    }

    /// Returns the files of the shot of `photo` that it takes with it, without sidecars.
    pub(super) fn companions(&mut self, photo: &Path) -> Vec<PathBuf> {
        self.shots.companions(photo)
    }

    /// Puts `photo` and its companions into `folder`, which is the folder of `person` if there is
    /// one. If another file has the photo's name, the photo gets the next free number.
    pub(super) fn sort(
        &mut self,
        photo: &Path,
        folder: &Path,
        person: Option<&str>,
    ) -> Result<SortedPhoto, PhotoError> {
        let (path, change) = self
            .put(photo, folder)
            .map_err(|error| not_sorted(photo, error))?;
        Ok(SortedPhoto {
            path,
            person: person.map(str::to_owned),
            method: self.method,
            change,
            done: self.told.is_none(),
        })
    }

    fn put(&mut self, photo: &Path, folder: &Path) -> Result<(PathBuf, SortChange), FileError> {
        let shot = self.shots.companions(photo);
        let shared = self.method == SortMethod::Move && self.shots.is_shared(photo, &shot);
        let companions = companions_of(photo, &shot, shared).map_err(at(photo))?;
        if self.told.is_none() {
            self.unfinished.create_folder(folder).map_err(at(folder))?;
        }
        let mut number = 1;
        let mut is_second_look = false;
        loop {
            let target = folder.join(numbered(photo.file_name().unwrap_or_default(), number));
            match self.put_at(photo, &target, number, &companions) {
                Ok(Some(change)) => return Ok((target, change)),
                // Another program has just taken the place, perhaps another run with the same
                // photo.
                Err((_, error)) if is_taken(&error) && !is_second_look => is_second_look = true,
                Err((place, error)) if !is_taken(&error) => return Err((place, error)),
                Ok(None) | Err(_) => {
                    number += 1;
                    is_second_look = false;
                }
            }
        }
    }

    /// Puts `photo` at `target`, the place with this number, unless another file is there.
    fn put_at(
        &mut self,
        photo: &Path,
        target: &Path,
        number: u32,
        companions: &[Companion],
    ) -> Result<Option<SortChange>, FileError> {
        if self.is_there(photo, target) {
            return Ok(Some(SortChange::Keep));
        }
        match self.place(photo, target).map_err(at(target))? {
            Place::Other => return Ok(None),
            Place::Taken(arrival) => {
                return self.complete(photo, target, companions, arrival).map(Some);
            }
            Place::Free => {}
        }
        let is_free = self.has_room(companions, target).and_then(|has_room| {
            // The photo may have a later number, if a file with an earlier one was removed from the
            // folder since.
            let folder = target.parent().unwrap_or(Path::new(""));
            Ok(has_room && !self.is_held_behind(photo, folder, number)?)
        });
        match is_free.map_err(at(target))? {
            false => Ok(None),
            true => {
                self.take(photo, target, companions)?;
                self.shots.add(target);
                for companion in companions {
                    self.shots.add(&companion.target(target));
                }
                Ok(Some(SortChange::Create))
            }
        }
    }

    /// Returns whether `photo` is in `folder` with a number above `number`, up to the next free
    /// one.
    fn is_held_behind(&self, photo: &Path, folder: &Path, number: u32) -> io::Result<bool> {
        let name = photo.file_name().unwrap_or_default();
        for number in number + 1.. {
            let target = folder.join(numbered(name, number));
            if self.is_there(photo, &target) {
                return Ok(true);
            }
            match self.place(photo, &target)? {
                Place::Free => return Ok(false),
                Place::Taken(_) => return Ok(true),
                Place::Other => {}
            }
        }
        Ok(false)
    }

    /// Returns whether `target` is `photo` itself, because it was in the folder from the start.
    fn is_there(&self, photo: &Path, target: &Path) -> bool {
        target.exists() && is_at(photo, target)
    }

    fn place(&self, photo: &Path, target: &Path) -> io::Result<Place> {
        self.place_by(self.method, photo, target)
    }

    /// Returns the state of `target`, now or as it would be by now, for a `file` that is to get
    /// there by `method`.
    fn place_by(&self, method: SortMethod, file: &Path, target: &Path) -> io::Result<Place> {
        let is_it = match self.told.as_ref().and_then(|told| told.get(target)) {
            Some(first) => would_hold(method, file, first)?,
            None => match std::fs::symlink_metadata(target) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Place::Free),
                Err(error) => return Err(error),
                Ok(_) => holds(method, file, target)?,
            },
        };
        Ok(match (is_it, method) {
            (false, _) => Place::Other,
            (true, SortMethod::Move) => Place::Taken(Arrival::Link),
            (true, _) => Place::Taken(Arrival::Other),
        })
    }

    /// Returns whether all companions fit beside a photo at `target` or are there already, and no
    /// sidecar or other file of another shot is there.
    fn has_room(&mut self, companions: &[Companion], target: &Path) -> io::Result<bool> {
        for companion in companions {
            if let Place::Other = self.place_of(companion, target)? {
                return Ok(false);
            }
        }
        let own: Vec<_> = companions.iter().map(|s| s.target(target)).collect();
        let is_there = |place: &Path| {
            let would_be = self.told.as_ref().is_some_and(|t| t.contains_key(place));
            would_be || place.exists()
        };
        let parts = companions.iter().zip(&own);
        let parts: Vec<_> = parts.filter(|(file, _)| !file.is_sidecar).collect();
        let mut places = self.shots.others_at(target, !parts.is_empty());
        let photos = parts.into_iter().map(|(_, place)| place.as_path());
        for photo in photos.chain([target]) {
            places.extend(sidecar_places(photo, is_there));
        }
        // Some file systems do not distinguish `.XMP` from `.xmp`.
        let is_same = |own: &Path, place: &Path| Existing::of(own).is_some_and(|own| own.is(place));
        let is_own = |place: &PathBuf| own.iter().any(|own| own == place || is_same(own, place));
        let mut places = places.iter();
        Ok(!places.any(|place| is_there(place) && !is_own(place)))
    }

    /// Returns the state of the place of `companion` beside a photo at `photo`. A copy of it
    /// without the photo is left over from a move to another file system that was killed.
    fn place_of(&self, companion: &Companion, photo: &Path) -> io::Result<Place> {
        let place = companion.target(photo);
        let method = companion.method(self.method);
        let found = self.place_by(method, &companion.path, &place)?;
        let would_be = self
            .told
            .as_ref()
            .is_some_and(|told| told.contains_key(&place));
        match (found, method) {
            (Place::Other, SortMethod::Move) if !is_at_all(photo) && !would_be => {
                let left = left_copy(&companion.path, &place)?;
                Ok(left.map_or(Place::Other, Place::Taken))
            }
            (found, _) => Ok(found),
        }
    }

    /// Puts the photo at `target`, which is free, and its companions beside it.
    fn take(
        &mut self,
        photo: &Path,
        target: &Path,
        companions: &[Companion],
    ) -> Result<(), FileError> {
        if self.method == SortMethod::Move {
            check_movable(photo).map_err(at(photo))?;
        }
        for companion in companions {
            if companion.method(self.method) == SortMethod::Move {
                check_movable(&companion.path).map_err(at(&companion.path))?;
            }
        }
        if let Some(told) = &mut self.told {
            told.insert(target.to_owned(), photo.to_owned());
            for companion in companions {
                told.insert(companion.target(target), companion.path.clone());
            }
            return Ok(());
        }
        self.bring_all(photo, target, companions)
    }

    /// Brings the companions first, because a later run finds them through the photo. If one fails,
    /// all files stay.
    fn bring_all(
        &self,
        photo: &Path,
        target: &Path,
        companions: &[Companion],
    ) -> Result<(), FileError> {
        let mut together = Together::new(&self.unfinished);
        let brought = self
            .bring_companions(&mut together, companions, target)
            .and_then(|()| together.bring(self.method, photo, target));
        match brought {
            Ok(()) => together.finish(),
            Err(error) => {
                together.undo();
                Err(error)
            }
        }
    }

    /// Puts `companions` beside the photo at `photo`. Fails if another file is in the place of one
    /// of them.
    fn bring_companions<'s>(
        &self,
        together: &mut Together<'_>,
        companions: impl IntoIterator<Item = &'s Companion>,
        photo: &Path,
    ) -> Result<(), FileError> {
        for companion in companions {
            let place = companion.target(photo);
            let method = companion.method(self.method);
            match self
                .place_of(companion, photo)
                .map_err(at(&companion.path))?
            {
                Place::Free => together.bring(method, &companion.path, &place)?,
                Place::Taken(arrival) => {
                    together.bring_again(method, &companion.path, &place, arrival);
                }
                Place::Other => return Err((place, io::ErrorKind::AlreadyExists.into())),
            }
        }
        Ok(())
    }

    /// Adds missing companions to the photo that is at `target` already. Other files in their
    /// places stay; a photo that is to be moved then stays too, because it would otherwise lose its
    /// own companion.
    fn complete(
        &self,
        photo: &Path,
        target: &Path,
        companions: &[Companion],
        arrival: Arrival,
    ) -> Result<SortChange, FileError> {
        let mut own = Vec::new();
        for companion in companions {
            match self.place_of(companion, target).map_err(at(target))? {
                Place::Other if self.method == SortMethod::Move => {
                    let place = companion.target(target);
                    let kind = match companion.is_sidecar {
                        true => "sidecar",
                        false => "file of the shot",
                    };
                    let other = format!(
                        "the photo is there, with another {kind} ({}); remove one of both",
                        place.display()
                    );
                    return Err((target.to_owned(), io::Error::other(other)));
                }
                Place::Other => {}
                Place::Free | Place::Taken(_) => own.push(companion),
            }
        }
        if self.told.is_none() {
            let mut together = Together::new(&self.unfinished);
            if let Err(error) = self.bring_companions(&mut together, own, target) {
                together.undo();
                return Err(error);
            }
            together.bring_again(self.method, photo, target, arrival);
            together.finish()?;
        }
        Ok(match self.method {
            SortMethod::Move => SortChange::Create,
            _ => SortChange::Keep,
        })
    }
}

/// Adds `path` to an error.
fn at(path: &Path) -> impl Fn(io::Error) -> FileError {
    let path = path.to_owned();
    move |error| (path.clone(), error)
}

fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AlreadyExists
}

/// Returns whether there is a file or a link, even a dangling one.
fn is_at_all(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Returns the error of `photo`, which names the file that caused it.
fn not_sorted(photo: &Path, (place, error): FileError) -> PhotoError {
    let found = std::fs::symlink_metadata(photo);
    if found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return PhotoError::Sorting {
            path: photo.to_owned(),
            reason: "it is no longer there; another program moved or removed it".to_owned(),
        };
    }
    match place == photo {
        true => stays(photo, &error.to_string()),
        false => stays(photo, &format!("{}: {error}", place.display())),
    }
}

/// Returns the error of a `photo` that is not sorted for this `reason`.
pub(super) fn stays(photo: &Path, reason: &str) -> PhotoError {
    PhotoError::Sorting {
        path: photo.to_owned(),
        reason: format!("{reason}; it stays where it is"),
    }
}

/// Returns the folder of the person `name` below `parent`.
pub(super) fn person_folder(parent: &Path, name: &str, folders: &PersonFolders) -> PathBuf {
    parent.join(OsString::from(folders.of_person(name)))
}
