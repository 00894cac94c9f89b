//! Files are opened and read: regular ones up to a limit, never a pipe or a device.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::MAX_FILE_BYTES;
use super::decode::too_large;
use crate::error::ImageFileError;

/// Reads the whole file at `path`.
///
/// # Errors
/// [`ImageFileError::Read`] if the file cannot be read, [`ImageFileError::NotAFile`] if it is not a
/// regular file (a pipe would block forever), [`ImageFileError::TooLarge`] if it is larger than
/// [`MAX_FILE_BYTES`].
pub fn read_file(path: &Path) -> Result<Vec<u8>, ImageFileError> {
    let file = open_file(path)?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    // Apply the limit again: the file may have grown since its size was checked.
    file.take(MAX_FILE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|source| read_error(path, source))?;
    Ok(bytes)
}

/// Opens the file at `path` for reading.
///
/// # Errors
/// The same as for [`read_file`].
pub(super) fn open_file(path: &Path) -> Result<File, ImageFileError> {
    // Check before opening: opening a pipe for reading waits for a writer.
    let metadata = std::fs::metadata(path).map_err(|source| read_error(path, source))?;
    if !metadata.is_file() {
        return Err(ImageFileError::NotAFile {
            path: path.to_owned(),
            what: if metadata.is_dir() {
                "a folder"
            } else {
                "a pipe, a socket or a device"
            },
        });
    }
    if metadata.len() > MAX_FILE_BYTES {
        return Err(too_large(
            path,
            format!(
                "the file has {} MiB; at most {} MiB are read",
                metadata.len() >> 20,
                MAX_FILE_BYTES >> 20
            ),
        ));
    }
    File::open(path).map_err(|source| read_error(path, source))
}

pub(super) fn read_error(path: &Path, source: std::io::Error) -> ImageFileError {
    ImageFileError::Read {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_file(folder.path()).unwrap_err().kind(), "not_a_file");
        assert_eq!(
            read_file(&folder.path().join("none.jpg"))
                .unwrap_err()
                .kind(),
            "read"
        );
        #[cfg(unix)]
        assert_eq!(
            read_file(Path::new("/dev/zero")).unwrap_err().kind(),
            "not_a_file"
        );
    }
}
