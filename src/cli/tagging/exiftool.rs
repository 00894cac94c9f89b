//! ExifTool, which writes into photos of any format. Input: a photo and an XMP packet. Output: the
//! photo with that packet, or the packet that a photo has. One process serves the whole run.

mod answers;
mod process;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use process::Process;
use serde_json::{Value, json};

use super::file_contains::contains;
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::ReadFile;
use crate::cli::temporary::{Naming, Temporary};

/// Starts of ExifTool's messages when the file system refuses an operation. They do not say why.
const REFUSED_BY_FILE_SYSTEM: [&str; 3] = ["Error creating", "Error writing", "Error renaming"];

/// Parts of ExifTool's messages about formats that it does not write. The photo can still get a
/// sidecar.
const NOT_WRITTEN: [&str; 2] = ["is not yet supported", "Will wrap JXL codestream"];

/// Handling of the original photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backup {
    /// It is kept beside the new one as `photo.jpg_original`, unless that file exists.
    Kept,
    /// It is not kept.
    None,
}

/// An installed ExifTool.
pub(super) struct ExifTool {
    /// `None` after a photo on which the process ended; the next photo starts another one.
    process: Option<Process>,
    backup: Backup,
    unfinished: UnfinishedFiles,
}

/// Change of the XMP in a photo.
pub(super) struct Change<'a> {
    pub(super) photo: &'a Path,
    /// State of the photo when it was read.
    pub(super) file: ReadFile,
    /// Packet that replaces the existing one; `None` removes it.
    pub(super) packet: Option<Vec<u8>>,
}

/// A file from which ExifTool imports packets (`-json=FILE`, see exiftool(1)).
struct ImportFile(Temporary);

/// Mode of an import file, which contains names and so is readable only by the user.
const IMPORT_MODE: u32 = 0o600;

/// Naming of import files. ExifTool recognizes the format by the end of the name.
const IMPORT_NAMING: Naming = Naming {
    prefix: "facematch-",
    suffix: ".json",
};

impl ExifTool {
    /// Finds ExifTool on the path and starts it.
    ///
    /// # Errors
    /// Advice if ExifTool is missing, or if there is no space for an import file.
    pub(super) fn find(backup: Backup, unfinished: &UnfinishedFiles) -> Result<Self, String> {
        // Fails here, before the search, instead of once for every photo.
        ImportFile::new(&[], unfinished)?;
        Ok(Self {
            process: Some(Process::begin()?),
            backup,
            unfinished: unfinished.clone(),
        })
    }

    /// Waits until the process has started. If it has ended since, the next photo reports that.
    ///
    /// # Errors
    /// Advice if the version is older than 12.
    pub(super) fn check(&mut self) -> Result<(), String> {
        match self.process {
            Some(_) => self.with_process(Process::check),
            None => Ok(()),
        }
    }

    /// Returns the XMP packet inside `photo`, if it has one.
    ///
    /// # Errors
    /// Problem with the photo in ExifTool's words, or that it has several packets.
    pub(super) fn read(&mut self, photo: &Path) -> Result<Option<Vec<u8>>, String> {
        let photo = whole_path(photo)?;
        let options = ["-j", "-b", "-a", "-G4", "-XMP"].map(OsStr::new);
        let answer = self.ask(&options, &[&photo])?;
        let found: Vec<serde_json::Map<String, Value>> =
            serde_json::from_slice(&answer.output).map_err(|_| answer.complaint(&photo))?;
        let mut packets = found
            .iter()
            .flatten()
            .filter(|(name, _)| name.rsplit(':').next() == Some("XMP"))
            .map(|(_, value)| value.as_str().unwrap_or_default());
        match (packets.next(), packets.next()) {
            (None, _) if answer.error().is_some() => Err(answer.complaint(&photo)),
            (None, _) => Ok(None),
            (Some(packet), None) => decoded(packet).map(Some),
            (Some(_), Some(_)) => Err("it has several XMP packets".to_owned()),
        }
    }

    /// Makes `changes`, each to a different photo, and returns the outcomes in the same order. An
    /// error is in ExifTool's words and means that the photo is unchanged, unless another program
    /// changed it.
    pub(super) fn make(&mut self, changes: &[Change]) -> Vec<Result<(), String>> {
        let told = self.make_together(changes);
        let made = changes
            .iter()
            .zip(told)
            .map(|(change, is_told)| match is_told {
                true => Ok(()),
                false => self.make_one(change),
            });
        made.collect()
    }

    /// Makes as many of `changes` as possible with one command, which is less work for ExifTool.
    /// Returns which of them ExifTool reports as made.
    fn make_together(&mut self, changes: &[Change]) -> Vec<bool> {
        let imports: Vec<_> = changes.iter().map(Change::import).collect();
        let (photos, packets): (Vec<_>, Vec<_>) = imports
            .iter()
            .flatten()
            .map(|(photo, packet)| (photo.as_path(), packet))
            .unzip();
        let told = match photos.len() {
            0 | 1 => None,
            _ => self
                .import(&packets, &photos)
                .ok()
                .and_then(|answer| answer.updated()),
        };
        let is_changed = |(change, import): (&Change, &Option<_>)| {
            import.is_some() && !change.file.is_unchanged()
        };
        let changed: Vec<_> = changes.iter().zip(&imports).map(is_changed).collect();
        // For several photos ExifTool reports only how many it wrote.
        match told == Some(changed.iter().filter(|&&changed| changed).count()) {
            true => changed,
            false => vec![false; changes.len()],
        }
    }

    /// Makes `change`, unless the photo has been replaced or changed.
    fn make_one(&mut self, change: &Change) -> Result<(), String> {
        if change.file.is_unchanged() {
            let asked = self.ask_one(change);
            if asked.is_ok() || change.file.is_unchanged() {
                return asked;
            }
        }
        // ExifTool may have written the photo and ended before it answered.
        match change.is_made() {
            true => Ok(()),
            false => Err("another program changed it meanwhile; run it again".to_owned()),
        }
    }

    fn ask_one(&mut self, change: &Change) -> Result<(), String> {
        let photo = whole_path(change.photo)?;
        let answer = match &change.packet {
            Some(packet) => self.import(&[&packet_for(ANY_PHOTO, packet)], &[&photo])?,
            None => self.write(OsStr::new("-XMP:all="), &[&photo])?,
        };
        match answer.updated() {
            Some(1) => Ok(()),
            _ => Err(answer.complaint(&photo)),
        }
    }

    fn import(&mut self, packets: &[&Value], photos: &[&Path]) -> Result<Answer, String> {
        // A new file each time: an ExifTool process that outlives its timeout must not read the
        // packets of other photos.
        let file = ImportFile::new(packets, &self.unfinished)?;
        let mut option = OsString::from("-json=");
        option.push(file.path());
        self.write(&option, photos)
    }

    fn write(&mut self, option: &OsStr, photos: &[&Path]) -> Result<Answer, String> {
        match self.backup {
            Backup::Kept => self.ask(&[option], photos),
            Backup::None => self.ask(&[OsStr::new("-overwrite_original"), option], photos),
        }
    }

    /// Returns ExifTool's answer to `options` for `photos`.
    fn ask(&mut self, options: &[&OsStr], photos: &[&Path]) -> Result<Answer, String> {
        let lines = lines(
            options
                .iter()
                .copied()
                .chain(photos.iter().map(|photo| photo.as_os_str())),
        )?;
        let (output, errors) = self.with_process(|process| process.answer(&lines))?;
        Ok(Answer {
            output,
            errors: String::from_utf8_lossy(&errors).into_owned(),
        })
    }

    fn with_process<T>(
        &mut self,
        work: impl FnOnce(&mut Process) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut process = self.process.take().map_or_else(Process::begin, Ok)?;
        match work(&mut process) {
            Ok(done) => {
                self.process = Some(process);
                Ok(done)
            }
            Err(reason) => {
                process.kill();
                Err(reason)
            }
        }
    }
}

/// Stands for the only photo of an import instead of its name.
const ANY_PHOTO: &str = "*";

impl Change<'_> {
    /// Returns the photo's path for ExifTool and its packet for an import of several photos; `None`
    /// if the change cannot be part of one.
    fn import(&self) -> Option<(PathBuf, Value)> {
        if !self.file.is_unchanged() {
            return None;
        }
        let packet = self.packet.as_ref()?;
        let photo = whole_path(self.photo).ok()?;
        let packet = packet_for(import_name(&photo)?, packet);
        Some((photo, packet))
    }

    /// Returns whether the packet is in the photo. ExifTool never compresses packets.
    fn is_made(&self) -> bool {
        let is_inside = |packet: &Vec<u8>| {
            let found = File::open(self.photo).and_then(|photo| contains(photo, unframed(packet)));
            found.unwrap_or(false)
        };
        self.packet.as_ref().is_some_and(is_inside)
    }
}

/// Returns `packet` without the processing instructions around it (XMP specification, part 1,
/// 7.3.2), because ExifTool writes its own.
fn unframed(packet: &[u8]) -> &[u8] {
    const INSTRUCTION: &[u8] = b"<?xpacket";
    let start = match packet.starts_with(INSTRUCTION) {
        true => memchr::memmem::find(packet, b"?>").map_or(0, |at| at + 2),
        false => 0,
    };
    let content = &packet[start..];
    let end = memchr::memmem::rfind(content, INSTRUCTION).unwrap_or(content.len());
    content[..end].trim_ascii()
}

/// Returns the name by which ExifTool finds the packet of `photo` in an import; `None` if it would
/// find none or another photo's. JSON has no names that are not UTF-8, ExifTool treats `\` like
/// `/`, and a line break ends the name.
fn import_name(photo: &Path) -> Option<&str> {
    let name = photo.to_str()?;
    let is_taken = |letter| match letter {
        '\\' => !cfg!(windows),
        letter => matches!(letter, '\n' | '\r'),
    };
    (!name.chars().any(is_taken)).then_some(name)
}

/// Returns `packet` for the photo `name` in the form that ExifTool imports.
fn packet_for(name: &str, packet: &[u8]) -> Value {
    let encoded = base64::engine::general_purpose::STANDARD.encode(packet);
    // Without the tag's group ExifTool would also look in other places for XMP, and rewrite some
    // parts for them.
    json!({"SourceFile": name, "XMP:XMP": format!("base64:{encoded}")})
}

/// Output of ExifTool for one question.
struct Answer {
    output: Vec<u8>,
    errors: String,
}

impl Answer {
    /// Returns the number of photos that ExifTool reports as written. For imports it is reported on
    /// the error stream.
    fn updated(&self) -> Option<usize> {
        let output = String::from_utf8_lossy(&self.output);
        let mut lines = output.lines().chain(self.errors.lines());
        lines.find_map(|line| {
            line.strip_suffix(" image files updated")?
                .trim()
                .parse()
                .ok()
        })
    }

    /// Returns the first error. The same stream has warnings about photos that ExifTool reads and
    /// writes even so.
    fn error(&self) -> Option<&str> {
        self.errors.lines().find(|line| line.starts_with("Error"))
    }

    /// Returns the first error, or else the first warning, without the path that ExifTool was given
    /// for `photo`, because an error record already has it.
    fn complaint(&self, photo: &Path) -> String {
        let of_photo = format!(" - {}", photo.display());
        let error = self.error().or(self.errors.lines().next());
        let error = error.unwrap_or("exiftool did not change it");
        let error = error.strip_prefix("Error: ").unwrap_or(error);
        let error = error.strip_suffix(&of_photo).unwrap_or(error);
        if NOT_WRITTEN.iter().any(|part| error.contains(part)) {
            return format!("{error} (leave out --embed to write a sidecar)");
        }
        match REFUSED_BY_FILE_SYSTEM
            .iter()
            .any(|start| error.starts_with(start))
        {
            true => format!("{error} (is the disk full, or may nothing be written to the folder?)"),
            false => error.to_owned(),
        }
    }
}

impl ImportFile {
    fn new(packets: &[&Value], unfinished: &UnfinishedFiles) -> Result<Self, String> {
        let folder = std::env::temp_dir();
        lines([folder.as_os_str()]).map_err(|reason| {
            format!(
                "{}: {reason}; set TMPDIR to another folder",
                folder.display()
            )
        })?;
        let file = Temporary::begin(&folder, IMPORT_NAMING, IMPORT_MODE, unfinished)
            .map_err(|error| cannot_write(&folder, error.kind()))?;
        let written = serde_json::to_vec(packets)
            .map_err(io::Error::from)
            .and_then(|json| file.file().write_all(&json));
        written.map_err(|error| cannot_write(file.path(), error.kind()))?;
        Ok(Self(file))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Returns advice about an import file that cannot be written.
fn cannot_write(path: &Path, error: io::ErrorKind) -> String {
    let error = io::Error::from(error);
    format!(
        "{}: cannot write: {error}; set TMPDIR to another folder",
        path.display()
    )
}

/// Returns the absolute path of `photo`, which ExifTool cannot take for an option or a comment. A
/// link is resolved, because ExifTool would replace it with a photo.
fn whole_path(photo: &Path) -> Result<PathBuf, String> {
    let whole = std::fs::symlink_metadata(photo).and_then(|metadata| match metadata.is_symlink() {
        true => std::fs::canonicalize(photo),
        false => std::path::absolute(photo),
    });
    whole.map_err(|error| error.to_string())
}

/// Returns `arguments` as lines, one argument each.
fn lines<'a>(arguments: impl IntoIterator<Item = &'a OsStr>) -> Result<Vec<u8>, String> {
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

/// Decodes a packet from JSON, where ExifTool writes text that is not UTF-8 in base64.
fn decoded(packet: &str) -> Result<Vec<u8>, String> {
    match packet.strip_prefix("base64:") {
        Some(encoded) => base64::engine::general_purpose::STANDARD
            .decode(encoded)
            .map_err(|_| "its XMP packet cannot be read".to_owned()),
        None => Ok(packet.as_bytes().to_owned()),
    }
}

#[cfg(test)]
mod tests;
