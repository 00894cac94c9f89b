//! Photos into folders by person. In come photos with who is on them, out go copies, links or the photos themselves, with
//! their sidecars, to `DIR/<person>/photo.jpg`.

mod folders;
mod places;
mod transfer;

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use facematch::Error;
use facematch::report::{SortChange, SortMethod, SortedPhoto};

use super::interrupt::UnfinishedFiles;
pub(super) use folders::PersonFolders;
use places::{Sidecar, Stems, numbered, sidecar_places, sidecars_with};
use transfer::{check_movable, finish_move, holds, is_at, transfer, would_hold};

/// What there is at a place.
enum Place {
    Free,
    /// The photo is there.
    Taken,
    /// Something else is.
    Other,
}

/// Brings photos into folders.
pub(super) struct Sorter {
    method: SortMethod,
    /// In a dry run the places that would be taken by now, with the photo or sidecar there.
    told: Option<HashMap<PathBuf, PathBuf>>,
    unfinished: UnfinishedFiles,
    stems: Stems,
}

impl Sorter {
    /// One that does it.
    pub(super) fn new(method: SortMethod, unfinished: &UnfinishedFiles) -> Self {
        Self {
            method,
            told: None,
            unfinished: unfinished.clone(),
            stems: Stems::default(),
        }
    }

    /// One that tells what would be done.
    pub(super) fn telling(method: SortMethod, unfinished: &UnfinishedFiles) -> Self {
        Self {
            told: Some(HashMap::new()),
            ..Self::new(method, unfinished)
        }
    }

    /// Brings `photo` and its sidecars into `folder`, the one of `person` where it is somebody's. Something else of its name
    /// is left alone: the photo gets the next number that is free.
    pub(super) fn sort(
        &mut self,
        photo: &Path,
        folder: &Path,
        person: Option<&str>,
    ) -> Result<SortedPhoto, Error> {
        let sorted = self
            .put(photo, folder)
            .map_err(|(at, error)| Error::Sorting {
                path: photo.to_owned(),
                reason: format!("{}: {error}", at.display()),
            });
        let (path, change) = sorted?;
        Ok(SortedPhoto {
            path,
            person: person.map(str::to_owned),
            method: self.method,
            change,
            done: self.told.is_none(),
        })
    }

    fn put(
        &mut self,
        photo: &Path,
        folder: &Path,
    ) -> Result<(PathBuf, SortChange), (PathBuf, io::Error)> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |error| (path, error)
        };
        let shared = self.method == SortMethod::Move && self.stems.is_shared(photo);
        let sidecars = sidecars_with(photo, shared).map_err(at(photo))?;
        if self.told.is_none() {
            self.unfinished.create_folder(folder).map_err(at(folder))?;
        }
        let name = photo.file_name().unwrap_or_default();
        let mut number = 0;
        loop {
            number += 1;
            let target = folder.join(numbered(name, number));
            if self.is_there(photo, &target).map_err(at(&target))? {
                return Ok((target, SortChange::Keep));
            }
            match self.place(photo, &target).map_err(at(&target))? {
                Place::Other => {}
                Place::Taken => {
                    self.add_sidecars(&sidecars, &target).map_err(at(&target))?;
                    let change = self.finish(photo).map_err(at(photo))?;
                    return Ok((target, change));
                }
                Place::Free if !self.has_room(&sidecars, &target).map_err(at(&target))? => {}
                // One of its name was taken out of the folder since.
                Place::Free
                    if self
                        .is_held_behind(photo, folder, number)
                        .map_err(at(&target))? => {}
                Place::Free => match self.take(photo, &target, &sidecars) {
                    // Meanwhile somebody has put something there.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err((target, error)),
                    Ok(()) => return Ok((target, SortChange::Create)),
                },
            }
        }
    }

    /// Whether `photo` is in `folder` with one of the numbers behind `number`, up to the next that is free.
    fn is_held_behind(&self, photo: &Path, folder: &Path, number: u32) -> io::Result<bool> {
        let name = photo.file_name().unwrap_or_default();
        for number in number + 1.. {
            let target = folder.join(numbered(name, number));
            if self.is_there(photo, &target)? {
                return Ok(true);
            }
            match self.place(photo, &target)? {
                Place::Free => return Ok(false),
                Place::Taken => return Ok(true),
                Place::Other => {}
            }
        }
        Ok(false)
    }

    /// Whether `photo` is in the folder already, and was not only brought there.
    fn is_there(&self, photo: &Path, target: &Path) -> io::Result<bool> {
        Ok(target.exists() && is_at(photo, target)?)
    }

    fn place(&self, photo: &Path, target: &Path) -> io::Result<Place> {
        self.place_by(self.method, photo, target)
    }

    /// What is at `target`, or would be by now, seen from a `file` that is to come there by `method`.
    fn place_by(&self, method: SortMethod, file: &Path, target: &Path) -> io::Result<Place> {
        let is_it = match self.told.as_ref().and_then(|told| told.get(target)) {
            Some(first) => would_hold(method, file, first)?,
            None => match std::fs::symlink_metadata(target) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Place::Free),
                Err(error) => return Err(error),
                Ok(_) => holds(method, file, target)?,
            },
        };
        Ok(if is_it { Place::Taken } else { Place::Other })
    }

    /// Whether the sidecars can stand beside a photo at `target`, or stand there already, and none of another photo does.
    fn has_room(&self, sidecars: &[Sidecar], target: &Path) -> io::Result<bool> {
        let own: Vec<_> = sidecars.iter().map(|s| s.target(target)).collect();
        for (sidecar, place) in sidecars.iter().zip(&own) {
            if let Place::Other = self.place_of(sidecar, place)? {
                return Ok(false);
            }
        }
        let is_there = |place: &Path| {
            let would_be = self.told.as_ref().is_some_and(|t| t.contains_key(place));
            would_be || place.exists()
        };
        let mut places = sidecar_places(target, is_there);
        Ok(!places.any(|place| !own.contains(&place) && is_there(&place)))
    }

    fn place_of(&self, sidecar: &Sidecar, target: &Path) -> io::Result<Place> {
        self.place_by(sidecar.method(self.method), &sidecar.path, target)
    }

    /// Brings the photo to `target`, where nothing is, and its sidecars beside it: these first, as they are found by the
    /// photo. When one fails, all stay.
    fn take(&mut self, photo: &Path, target: &Path, sidecars: &[Sidecar]) -> io::Result<()> {
        if self.method == SortMethod::Move {
            check_movable(photo)?;
        }
        if let Some(told) = &mut self.told {
            told.insert(target.to_owned(), photo.to_owned());
            for sidecar in sidecars {
                told.insert(sidecar.target(target), sidecar.path.clone());
            }
            return Ok(());
        }
        let mut brought = Vec::new();
        let result = sidecars
            .iter()
            .try_for_each(|sidecar| {
                if self.bring(sidecar, target)? {
                    brought.push(sidecar);
                }
                Ok(())
            })
            .and_then(|()| transfer(self.method, photo, target, &self.unfinished));
        if result.is_err() {
            for sidecar in brought {
                self.bring_back(sidecar, &sidecar.target(target));
            }
        }
        result
    }

    /// Brings `sidecar` beside the photo at `photo`; whether it was not there before.
    fn bring(&self, sidecar: &Sidecar, photo: &Path) -> io::Result<bool> {
        let beside = sidecar.target(photo);
        let method = sidecar.method(self.method);
        match (self.place_of(sidecar, &beside)?, method) {
            (Place::Free, _) => {
                transfer(method, &sidecar.path, &beside, &self.unfinished).map(|()| true)
            }
            (Place::Taken, SortMethod::Move) => finish_move(&sidecar.path).map(|()| false),
            (Place::Taken, _) => Ok(false),
            (Place::Other, _) => Err(io::ErrorKind::AlreadyExists.into()),
        }
    }

    fn bring_back(&self, sidecar: &Sidecar, from: &Path) {
        // There is no more to be done when that fails, too: the first error is told.
        let _ = match sidecar.method(self.method) {
            SortMethod::Move => transfer(SortMethod::Move, from, &sidecar.path, &self.unfinished),
            _ => std::fs::remove_file(from),
        };
    }

    /// Brings those sidecars to the photo at `target`, which is there, that it has not. Others that are there stay; a photo
    /// that is to be moved stays with its own then.
    fn add_sidecars(&self, sidecars: &[Sidecar], target: &Path) -> io::Result<()> {
        for sidecar in sidecars {
            let place = sidecar.target(target);
            match self.place_of(sidecar, &place)? {
                Place::Other if self.method == SortMethod::Move => {
                    let place = place.display();
                    return Err(io::Error::other(format!(
                        "the photo is there, with another sidecar ({place}); remove one of both"
                    )));
                }
                Place::Free | Place::Taken if self.told.is_none() => {
                    self.bring(sidecar, target)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A photo that is in its place already stays there; one that was to be moved there is not elsewhere any more.
    fn finish(&self, photo: &Path) -> io::Result<SortChange> {
        match self.method {
            SortMethod::Move => {
                if self.told.is_none() {
                    finish_move(photo)?;
                }
                Ok(SortChange::Create)
            }
            _ => Ok(SortChange::Keep),
        }
    }
}

/// A folder that is called `name`, below `parent`.
pub(super) fn person_folder(parent: &Path, name: &str, folders: &PersonFolders) -> PathBuf {
    parent.join(OsString::from(folders.of_person(name)))
}
