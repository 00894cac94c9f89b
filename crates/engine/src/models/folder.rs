//! The search for the folder with the models. Input: the user's choice, if any. Output: a folder,
//! or the list of places that were searched.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::{ShippedModel, refused, unreadable};
use crate::error::LoadError;

/// Returns the folder with the models: `explicit` (from `--models` or `FACEMATCH_MODELS`) if given,
/// otherwise the first of the usual places that contains the encoder.
///
/// The usual places are, in this order: `models` next to the executable; `models` two folders above
/// it, since cargo's `target/release` is two folders below the repository's `models`;
/// `../share/facematch/models` from the executable; `models` in the current folder;
/// `facematch/models` in `$XDG_DATA_HOME` or otherwise in `~/.local/share`.
///
/// # Errors
/// [`LoadError::Model`] if `explicit` is not a readable folder; [`LoadError::NoModels`] if none of
/// the usual places contains the encoder.
pub fn find_folder(explicit: Option<&Path>) -> Result<PathBuf, LoadError> {
    if let Some(folder) = explicit {
        return use_explicit(folder);
    }
    let executable = env::current_exe().ok();
    let searched = candidates(
        executable.as_deref().and_then(Path::parent),
        env::current_dir().ok().as_deref(),
        data_home(env::var_os("XDG_DATA_HOME"), env::var_os("HOME")).as_deref(),
    );
    first_with_encoder(searched)
}

fn use_explicit(folder: &Path) -> Result<PathBuf, LoadError> {
    let reason = match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => return Ok(folder.to_owned()),
        Ok(_) => "is not a folder; name the folder that holds the models".to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            "no such folder; name the folder that holds the models".to_owned()
        }
        Err(error) => unreadable(&error),
    };
    Err(refused(folder, reason))
}

fn first_with_encoder(searched: Vec<PathBuf>) -> Result<PathBuf, LoadError> {
    let encoder = ShippedModel::Encoder.file_name();
    match searched
        .iter()
        .find(|folder| folder.join(encoder).is_file())
    {
        Some(folder) => Ok(folder.clone()),
        None => Err(LoadError::NoModels { searched }),
    }
}

/// Returns the places to search, best first, without duplicates.
fn candidates(
    executable_folder: Option<&Path>,
    current_folder: Option<&Path>,
    data_home: Option<&Path>,
) -> Vec<PathBuf> {
    let parent = executable_folder.and_then(Path::parent);
    let places = [
        executable_folder.map(|folder| folder.join("models")),
        parent
            .and_then(Path::parent)
            .map(|folder| folder.join("models")),
        parent.map(|folder| folder.join("share").join("facematch").join("models")),
        current_folder.map(|folder| folder.join("models")),
        data_home.map(|folder| folder.join("facematch").join("models")),
    ];
    let mut unique = Vec::with_capacity(places.len());
    for place in places.into_iter().flatten() {
        if !unique.contains(&place) {
            unique.push(place);
        }
    }
    unique
}

/// Returns the XDG base directory for data. The specification requires that relative paths,
/// including an empty one, are ignored.
fn data_home(xdg_data_home: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    xdg_data_home
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| {
            home.filter(|home| !home.is_empty())
                .map(|home| PathBuf::from(home).join(".local").join("share"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_next_to_the_executable_first_and_at_home_last() {
        let places = candidates(
            Some(Path::new("/opt/facematch/bin")),
            Some(Path::new("/photos")),
            Some(Path::new("/home/ann/.local/share")),
        );
        let expected = [
            "/opt/facematch/bin/models",
            "/opt/models",
            "/opt/facematch/share/facematch/models",
            "/photos/models",
            "/home/ann/.local/share/facematch/models",
        ];
        assert_eq!(places, expected.map(PathBuf::from));
    }

    #[test]
    fn a_place_is_listed_once() {
        let places = candidates(
            Some(Path::new("/src/facematch/target/release")),
            Some(Path::new("/src/facematch")),
            None,
        );
        let repository = Path::new("/src/facematch/models");
        assert_eq!(
            places.iter().filter(|place| *place == repository).count(),
            1
        );
        assert_eq!(places.len(), 3);
        assert!(candidates(None, None, None).is_empty());
        assert_eq!(candidates(Some(Path::new("/")), None, None).len(), 1);
    }

    #[test]
    fn the_data_home_is_absolute() {
        let some = |text: &str| Some(OsString::from(text));
        let fallback = Some(PathBuf::from("/home/ann/.local/share"));
        assert_eq!(data_home(None, some("/home/ann")), fallback);
        assert_eq!(data_home(some(""), some("/home/ann")), fallback);
        assert_eq!(data_home(some("data"), some("/home/ann")), fallback);
        assert_eq!(data_home(None, some("")), None);
        let absolute = env::temp_dir();
        assert_eq!(
            data_home(Some(absolute.clone().into_os_string()), None),
            Some(absolute)
        );
    }

    #[test]
    fn the_first_folder_with_the_encoder_wins() {
        let root = tempfile::tempdir().unwrap();
        let places = ["missing", "empty", "full", "full-too"].map(|name| root.path().join(name));
        fs::create_dir(&places[1]).unwrap();
        for folder in &places[2..] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join(ShippedModel::Encoder.file_name()), "").unwrap();
        }
        assert_eq!(first_with_encoder(places.to_vec()).unwrap(), places[2]);
        match first_with_encoder(places[..2].to_vec()) {
            Err(LoadError::NoModels { searched }) => assert_eq!(searched, places[..2]),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_explicit_folder_is_taken_as_it_is() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(find_folder(Some(root.path())).unwrap(), root.path());
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        for wrong in [file, root.path().join("missing")] {
            let error = find_folder(Some(&wrong)).unwrap_err();
            assert_eq!(error.path(), Some(wrong.as_path()));
            assert!(matches!(error, LoadError::Model { .. }));
        }
    }
}
