//! ExifTool, which writes into photos of any format. In come a photo and an XMP packet; the photo comes to have it, and
//! what it has can be asked for. One process does the whole run.

mod answers;
mod process;

use std::ffi::{OsStr, OsString};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;

use super::super::interrupt::{Unfinished, UnfinishedFiles};
use process::{Printed, Process};

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
    /// Those that no change needs.
    packets: Vec<PacketFile>,
    unfinished: UnfinishedFiles,
}

/// A change of a photo that ExifTool has yet to make.
pub(super) struct Change {
    question: Question,
    packet: Option<PacketFile>,
}

/// What ExifTool is to do with a photo.
struct Question {
    /// As it is told.
    photo: PathBuf,
    /// The arguments, one a line.
    lines: Vec<u8>,
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
            packets: vec![PacketFile::new(unfinished)?],
            unfinished: unfinished.clone(),
        })
    }

    /// The XMP packet inside `photo`, if it has one.
    ///
    /// # Errors
    /// What is wrong with the photo, in ExifTool's words, or that it has several packets.
    pub(super) fn read(&mut self, photo: &Path) -> Result<Option<Vec<u8>>, String> {
        let options = ["-j", "-b", "-a", "-G4", "-XMP"].map(OsStr::new);
        let question = Question::new(&options, photo)?;
        let answer = self.ask(vec![question]).swap_remove(0)?;
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

    /// Begins to put `packet` into `photo` in the place of the one that it has, or to take that out. Nothing has happened to the
    /// photo until [`Self::make`].
    ///
    /// # Errors
    /// Why there is no room for the packet, or that ExifTool does not take the name of the photo.
    pub(super) fn change(&mut self, photo: &Path, packet: Option<&[u8]>) -> Result<Change, String> {
        let packet = packet.map(|packet| self.packet_file(packet)).transpose()?;
        let option = match &packet {
            None => OsString::from("-XMP:all="),
            Some(packet) => {
                // Without the group ExifTool would look for places of other kinds, too, and write some parts anew for them.
                let mut option = OsString::from("-XMP:XMP<=");
                option.push(packet.path());
                option
            }
        };
        let backup = match self.backup {
            Backup::Kept => None,
            Backup::None => Some(OsStr::new("-overwrite_original")),
        };
        let options: Vec<_> = backup.into_iter().chain([option.as_os_str()]).collect();
        let question = Question::new(&options, photo)?;
        Ok(Change { question, packet })
    }

    /// Makes `changes`, of different photos, one after the other. What came of each, in their order: why it could not be
    /// written, in ExifTool's words; the photo is as it was then, unless ExifTool ended on it.
    pub(super) fn make(&mut self, changes: Vec<Change>) -> Vec<Result<(), String>> {
        let (questions, packets): (Vec<_>, Vec<_>) = changes
            .into_iter()
            .map(|change| (change.question, change.packet))
            .unzip();
        let answers = self.ask(questions);
        // One that has failed may live on behind a script that starts it: it must not find other packets in these files.
        if answers.iter().all(Result::is_ok) {
            self.packets.extend(packets.into_iter().flatten());
        }
        let made = answers.into_iter().map(|answer| {
            let answer = answer?;
            match String::from_utf8_lossy(&answer.output).contains(" 1 image files updated") {
                true => Ok(()),
                false => Err(answer.complaint()),
            }
        });
        made.collect()
    }

    fn packet_file(&mut self, packet: &[u8]) -> Result<PacketFile, String> {
        let mut file = match self.packets.pop() {
            Some(file) => file,
            None => PacketFile::new(&self.unfinished)?,
        };
        file.fill(packet)?;
        Ok(file)
    }

    /// What ExifTool says to each of `questions`, in their order.
    fn ask(&mut self, questions: Vec<Question>) -> Vec<Result<Answer, String>> {
        let lines: Vec<_> = questions
            .iter()
            .map(|question| &question.lines[..])
            .collect();
        let mut answers = Vec::new();
        while answers.len() < lines.len() {
            answers.extend(self.ask_on(&lines[answers.len()..]));
        }
        let answers = answers.into_iter().zip(questions);
        let answers = answers.map(|(answer, question)| {
            let (output, errors) = answer?;
            Ok(Answer {
                output,
                errors: String::from_utf8_lossy(&errors).into_owned(),
                photo: question.photo,
            })
        });
        answers.collect()
    }

    /// The answers to the first of `questions`, at least to one, up to that on which ExifTool ended.
    fn ask_on(&mut self, questions: &[&[u8]]) -> Vec<Result<Printed, String>> {
        let process = self.process.take().map_or_else(Process::begin, Ok);
        let mut process = match process {
            Ok(process) => process,
            Err(reason) => return vec![Err(reason)],
        };
        let answers = process.answers(questions);
        match answers.last() {
            Some(Err(_)) => process.kill(),
            _ => self.process = Some(process),
        }
        let failed = |error| format!("exiftool has failed: {error}");
        let answers = answers.into_iter().map(|answer| answer.map_err(failed));
        answers.collect()
    }
}

impl Question {
    fn new(options: &[&OsStr], photo: &Path) -> Result<Self, String> {
        let photo = whole_path(photo).map_err(|e| e.to_string())?;
        let arguments: Vec<_> = options.iter().copied().chain([photo.as_os_str()]).collect();
        let lines = lines(&arguments)?;
        Ok(Self { photo, lines })
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
        // Cut off at last: an empty file would give its blocks back for a moment.
        let filled = file
            .rewind()
            .and_then(|()| file.write_all(packet))
            .and_then(|()| file.set_len(packet.len() as u64));
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
