//! Folders that a run writes to.

use std::io;
use std::path::Path;

use super::config::Results;
use super::exit::Failure;
use super::interrupt::UnfinishedFiles;

/// Creates the folders for pictures, so that a run fails before it searches photos for nothing.
pub(super) fn make_picture_folders(
    results: &Results,
    unfinished: &UnfinishedFiles,
) -> Result<(), Failure> {
    let mut folders = [&results.crops, &results.draw].into_iter().flatten();
    folders.try_for_each(|folder| create_folder(folder, unfinished))
}

/// Creates `folder` if it does not exist.
pub(super) fn create_folder(folder: &Path, unfinished: &UnfinishedFiles) -> Result<(), Failure> {
    let created = unfinished.create_folder(folder);
    created.map_err(|error| no_folder(folder, &error))
}

/// Refuses a `folder` that [`create_folder`] cannot create because a file has its name.
pub(super) fn check_no_file(folder: &Path) -> Result<(), Failure> {
    match std::fs::metadata(folder) {
        Ok(metadata) if !metadata.is_dir() => {
            Err(no_folder(folder, &io::ErrorKind::AlreadyExists.into()))
        }
        _ => Ok(()),
    }
}

fn no_folder(folder: &Path, error: &io::Error) -> Failure {
    let reason = match error.kind() {
        io::ErrorKind::AlreadyExists => "a file with that name already exists".to_owned(),
        _ => error.to_string(),
    };
    Failure::Start(format!(
        "{}: cannot make this folder: {reason}",
        folder.display()
    ))
}
