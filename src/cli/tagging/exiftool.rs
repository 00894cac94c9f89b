//! ExifTool, which writes into photos of any format. In come a photo and an XMP packet; the photo comes to have it, and
//! what it has can be asked for. One process does the whole run.

mod process;

use std::ffi::OsStr;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;

use super::super::interrupt::{Unfinished, UnfinishedFiles};
use process::Process;

/// So begins what ExifTool says where the file system refuses something. It leaves out why.
const REFUSED_BY_FILE_SYSTEM: [&str; 3] = ["Error creating", "Error writing", "Error renaming"];

/// What becomes of the photo as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Backup {
    /// It stays beside the new one, as `photo.jpg_original`, unless there is one already.
    Kept,
    /// It is gone.
    None,
}

/// ExifTool, found and recent enough.
pub(super) struct ExifTool {
    /// `None` after a photo on which it ended: the next one gets another.
    process: Option<Process>,
    backup: Backup,
    packet: PacketFile,
}

/// The file in which ExifTool finds a packet.
struct PacketFile {
    file: tempfile::NamedTempFile,
    /// After `file`, so that it is gone before it is forgotten.
    _unfinished: Unfinished,
}

impl ExifTool {
    /// Looks for ExifTool on the path.
    ///
    /// # Errors
    /// What to do when there is none, or an older one than version 12.
    pub(super) fn find(backup: Backup, unfinished: &UnfinishedFiles) -> Result<Self, String> {
        Ok(Self {
            process: Some(Process::begin()?),
            backup,
            packet: PacketFile::new(unfinished)?,
        })
    }

    /// The XMP packet inside `photo`, if it has one.
    ///
    /// # Errors
    /// What is wrong with the photo, in ExifTool's words, or that it has several packets.
    pub(super) fn read(&mut self, photo: &Path) -> Result<Option<Vec<u8>>, String> {
        let options = ["-j", "-b", "-a", "-G4", "-XMP"].map(OsStr::new);
        let answer = self.ask(&options, photo)?;
        let found: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_json::from_slice(&answer.output).map_err(|_| answer.complaint())?;
        let mut packets = found
            .iter()
            .flatten()
            .filter(|(name, _)| name.rsplit(':').next() == Some("XMP"))
            .map(|(_, value)| value.as_str().unwrap_or_default());
        match (packets.next(), packets.next()) {
            (None, _) if answer.errors.is_empty() => Ok(None),
            (None, _) => Err(answer.complaint()),
            (Some(packet), None) => decoded(packet).map(Some),
            (Some(_), Some(_)) => Err("it has several XMP packets".to_owned()),
        }
    }

    /// Puts `packet` into `photo` in the place of the one that it has.
    ///
    /// # Errors
    /// Why it could not be written, in ExifTool's words. The photo is as it was.
    pub(super) fn write(&mut self, photo: &Path, packet: &[u8]) -> Result<(), String> {
        self.packet.fill(packet)?;
        let mut option = std::ffi::OsString::from("-XMP<=");
        option.push(self.packet.path());
        self.change(&option, photo)
    }

    /// Takes the XMP packet out of `photo`.
    ///
    /// # Errors
    /// Why it could not be written, in ExifTool's words. The photo is as it was.
    pub(super) fn remove(&mut self, photo: &Path) -> Result<(), String> {
        self.change(OsStr::new("-XMP:all="), photo)
    }

    fn change(&mut self, option: &OsStr, photo: &Path) -> Result<(), String> {
        let backup = match self.backup {
            Backup::Kept => None,
            Backup::None => Some(OsStr::new("-overwrite_original")),
        };
        let options: Vec<_> = backup.into_iter().chain([option]).collect();
        let answer = self.ask(&options, photo)?;
        match String::from_utf8_lossy(&answer.output).contains(" 1 image files updated") {
            true => Ok(()),
            false => Err(answer.complaint()),
        }
    }

    /// What ExifTool says to `options` about `photo`.
    fn ask(&mut self, options: &[&OsStr], photo: &Path) -> Result<Answer, String> {
        let photo = whole_path(photo).map_err(|e| e.to_string())?;
        let arguments: Vec<_> = options.iter().copied().chain([photo.as_os_str()]).collect();
        let lines = lines(&arguments)?;
        let mut process = match self.process.take() {
            Some(process) => process,
            None => Process::begin()?,
        };
        let (output, errors) = match process.answer(&lines) {
            Ok(answer) => answer,
            Err(error) => {
                process.kill();
                return Err(format!("exiftool has failed: {error}"));
            }
        };
        self.process = Some(process);
        Ok(Answer {
            output,
            errors: String::from_utf8_lossy(&errors).into_owned(),
            photo,
        })
    }
}

/// What ExifTool printed about a photo.
struct Answer {
    output: Vec<u8>,
    errors: String,
    /// As it was told.
    photo: PathBuf,
}

impl Answer {
    /// The first error, without the path of the photo, which an error record has.
    fn complaint(&self) -> String {
        let of_photo = format!(" - {}", self.photo.display());
        let error = self.errors.lines().find(|line| line.starts_with("Error"));
        let error = error.or(self.errors.lines().next());
        let error = error.unwrap_or("exiftool did not change it");
        let error = error.strip_prefix("Error: ").unwrap_or(error);
        let error = error.strip_suffix(&of_photo).unwrap_or(error);
        match REFUSED_BY_FILE_SYSTEM
            .iter()
            .any(|start| error.starts_with(start))
        {
            true => format!("{error} (is the disk full, or may nothing be written to the folder?)"),
            false => error.to_owned(),
        }
    }
}

impl PacketFile {
    fn new(unfinished: &UnfinishedFiles) -> Result<Self, String> {
        let folder = std::env::temp_dir();
        if folder.as_os_str().as_encoded_bytes().contains(&b'%') {
            return Err(format!(
                "{}: exiftool reads no file below a folder with % in its name; set TMPDIR to another",
                folder.display()
            ));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix("facematch-").suffix(".xmp");
        let (file, _unfinished) = unfinished
            .create(|| builder.tempfile_in(&folder), |file| file.path())
            .map_err(|error| cannot_write(&folder, error.kind()))?;
        Ok(Self { file, _unfinished })
    }

    fn path(&self) -> &Path {
        self.file.path()
    }

    fn fill(&mut self, packet: &[u8]) -> Result<(), String> {
        let file = self.file.as_file_mut();
        let filled = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(packet));
        filled.map_err(|error| cannot_write(self.path(), error.kind()))
    }
}

/// What to do about a packet file that cannot be written to.
fn cannot_write(path: &Path, error: io::ErrorKind) -> String {
    let error = io::Error::from(error);
    format!(
        "{}: cannot write: {error}; set TMPDIR to another folder",
        path.display()
    )
}

/// `photo` as ExifTool may take it for nothing else, an option or a comment. The end of a link, as it would replace the link
/// by a photo.
fn whole_path(photo: &Path) -> io::Result<PathBuf> {
    match std::fs::symlink_metadata(photo)?.is_symlink() {
        true => std::fs::canonicalize(photo),
        false => std::path::absolute(photo),
    }
}

/// One argument a line.
fn lines(arguments: &[&OsStr]) -> Result<Vec<u8>, String> {
    let mut lines = Vec::new();
    for argument in arguments {
        let bytes = argument.as_encoded_bytes();
        if bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            return Err("exiftool takes no name with a line break".to_owned());
        }
        lines.extend(bytes);
        lines.push(b'\n');
    }
    Ok(lines)
}

/// JSON has what is not UTF-8 in base64.
fn decoded(packet: &str) -> Result<Vec<u8>, String> {
    match packet.strip_prefix("base64:") {
        Some(encoded) => base64::engine::general_purpose::STANDARD
            .decode(encoded)
            .map_err(|_| "its XMP packet cannot be read".to_owned()),
        None => Ok(packet.as_bytes().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_told_without_the_path_that_the_record_has() {
        let complaint = |errors: &str| {
            let answer = Answer {
                output: Vec::new(),
                errors: errors.to_owned(),
                photo: "/photos/a - b.bmp".into(),
            };
            answer.complaint()
        };
        assert_eq!(
            complaint(
                "Warning: x\nError: Writing of BMP files is not yet supported - /photos/a - b.bmp\n"
            ),
            "Writing of BMP files is not yet supported"
        );
        assert_eq!(complaint(""), "exiftool did not change it");
        assert_eq!(
            complaint("Error: Error writing output file - /photos/a - b.bmp\n"),
            "Error writing output file (is the disk full, or may nothing be written to the folder?)"
        );
    }

    #[test]
    fn a_name_with_a_line_break_would_be_two_arguments() {
        assert_eq!(
            lines(&["-j", "/a b"].map(OsStr::new)).unwrap(),
            b"-j\n/a b\n"
        );
        lines(&["/a\n-XMP:all="].map(OsStr::new)).unwrap_err();
        lines(&["/a\r"].map(OsStr::new)).unwrap_err();
    }
}
