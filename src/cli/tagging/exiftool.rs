//! ExifTool, which writes into photos of any format. In come a photo and an XMP packet; the photo comes to have it, and
//! what it has can be asked for. One process does the whole run (`-stay_open`, see exiftool(1)).

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use base64::Engine as _;

use super::super::interrupt::{Unfinished, UnfinishedFiles};

/// The least version: older ones do not write WebP.
const LEAST_VERSION: u32 = 12;

/// The most bytes of an answer. A packet has some kilobytes, with the history of many edits a megabyte.
const MOST_BYTES: u64 = 64 << 20;

/// So long ExifTool may work on a photo: a minute would do for the largest ones on slow disks.
const PATIENCE: Duration = Duration::from_secs(600);

/// So many lines of an answer wait to be looked at.
const LINES_AHEAD: usize = 16;

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
        self.packet.fill(packet).map_err(|e| e.to_string())?;
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
        error.strip_suffix(&of_photo).unwrap_or(error).to_owned()
    }
}

/// The running ExifTool.
struct Process {
    children: Vec<Child>,
    /// `None` once they were closed, by which it ends.
    streams: Option<Streams>,
    /// How many questions it was asked.
    asked: u64,
}

struct Streams {
    input: ChildStdin,
    output: Lines,
    errors: Lines,
}

/// The lines that come from a stream, read by a thread of its own: ExifTool waits where one of its streams is full.
struct Lines(Receiver<Vec<u8>>);

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(LINES_AHEAD);
        let mut stream = BufReader::new(stream);
        std::thread::Builder::new()
            .name("facematch-exiftool".to_owned())
            .spawn(move || {
                loop {
                    let mut line = Vec::new();
                    let read = stream
                        .by_ref()
                        .take(MOST_BYTES)
                        .read_until(b'\n', &mut line);
                    let is_end = !matches!(read, Ok(1..));
                    if is_end || sender.send(line).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self(receiver))
    }

    /// What comes before the line `mark`.
    fn up_to(&self, mark: &str) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        loop {
            let line = self.0.recv_timeout(PATIENCE).map_err(|error| match error {
                RecvTimeoutError::Timeout => io::Error::from(io::ErrorKind::TimedOut),
                RecvTimeoutError::Disconnected => io::ErrorKind::UnexpectedEof.into(),
            })?;
            if line.trim_ascii_end() == mark.as_bytes() {
                return Ok(text);
            }
            if (text.len() + line.len()) as u64 > MOST_BYTES {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            text.extend(line);
        }
    }
}

impl Process {
    /// # Errors
    /// What to do when there is no ExifTool, or one that is too old.
    fn begin() -> Result<Self, String> {
        let mut process = Self::spawn().map_err(|error| {
            format!(
                "exiftool, which writes into photos, cannot be run: {error}; install it (Debian: libimage-exiftool-perl)"
            )
        })?;
        process.check_version()?;
        Ok(process)
    }

    fn spawn() -> io::Result<Self> {
        let (mut children, input, stdin) = input()?;
        let mut child = Command::new("exiftool")
            .args(["-config", "", "-stay_open", "True", "-@", "-"])
            .args(COMMON_ARGUMENTS)
            .stdin(stdin)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let input = input.or_else(|| child.stdin.take());
        let streams = match (input, child.stdout.take(), child.stderr.take()) {
            (Some(input), Some(output), Some(errors)) => Some(Streams {
                input,
                output: Lines::of(output)?,
                errors: Lines::of(errors)?,
            }),
            _ => None,
        };
        children.push(child);
        Ok(Self {
            children,
            streams,
            asked: 0,
        })
    }

    fn check_version(&mut self) -> Result<(), String> {
        let failed = |error| format!("exiftool has failed: {error}");
        let mark = self.ask(b"-ver\n").map_err(failed)?;
        let version = self.output_up_to(&mark).map_err(failed)?;
        check_version(String::from_utf8_lossy(&version).trim())?;
        // What Perl says on its start, about the locale for one, is of no photo. Old versions set no mark behind it.
        self.errors_up_to(&mark).map_err(failed)?;
        Ok(())
    }

    /// The output and the errors that come of `lines`, one argument each.
    fn answer(&mut self, lines: &[u8]) -> io::Result<(Vec<u8>, Vec<u8>)> {
        let mark = self.ask(lines)?;
        let output = self.output_up_to(&mark)?;
        let errors = self.errors_up_to(&mark)?;
        Ok((output, errors))
    }

    /// Asks `lines`; the mark that ExifTool sets behind its answer on both streams.
    fn ask(&mut self, lines: &[u8]) -> io::Result<String> {
        self.asked += 1;
        let number = self.asked;
        let mark = format!("{{ready{number}}}");
        let input = &mut self.streams()?.input;
        input.write_all(lines)?;
        write!(input, "-echo4\n{mark}\n-execute{number}\n")?;
        input.flush()?;
        Ok(mark)
    }

    fn output_up_to(&mut self, mark: &str) -> io::Result<Vec<u8>> {
        self.streams()?.output.up_to(mark)
    }

    fn errors_up_to(&mut self, mark: &str) -> io::Result<Vec<u8>> {
        self.streams()?.errors.up_to(mark)
    }

    fn streams(&mut self) -> io::Result<&mut Streams> {
        self.streams
            .as_mut()
            .ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    /// Ends it at once, whatever it does.
    fn kill(mut self) {
        for child in &mut self.children {
            let _ = child.kill();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut streams) = self.streams.take() {
            // By itself it would wait for more.
            let _ = streams.input.write_all(b"\n-stay_open\nFalse\n");
        }
        for child in &mut self.children {
            let _ = child.wait();
        }
    }
}

/// Arguments of every question.
const COMMON_ARGUMENTS: &[&str] = match cfg!(windows) {
    true => &["-common_args", "-charset", "filename=utf8"],
    false => &[],
};

/// The input of an ExifTool that begins: who passes it on, where we write, where it reads. ExifTool would wait for more for
/// ever where the program that it works for was killed, so a pipe between both says goodbye when nothing more can come.
#[cfg(unix)]
fn input() -> io::Result<(Vec<Child>, Option<ChildStdin>, Stdio)> {
    let mut pipe = Command::new("sh")
        .args(["-c", "cat; printf '\\n-stay_open\\nFalse\\n'"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let input = pipe.stdin.take();
    let output = pipe.stdout.take().map_or_else(Stdio::null, Stdio::from);
    Ok((vec![pipe], input, output))
}

#[cfg(not(unix))]
fn input() -> io::Result<(Vec<Child>, Option<ChildStdin>, Stdio)> {
    Ok((Vec::new(), None, Stdio::piped()))
}

fn check_version(version: &str) -> Result<(), String> {
    let major = version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok());
    match major {
        Some(LEAST_VERSION..) => Ok(()),
        Some(0..LEAST_VERSION) => Err(format!(
            "exiftool {version} is too old; install version {LEAST_VERSION} or newer"
        )),
        None => Err("exiftool does not tell its version; see what exiftool -ver says".to_owned()),
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
            .map_err(|error| {
                format!(
                    "{}: cannot write: {}; set TMPDIR to another folder",
                    folder.display(),
                    io::Error::from(error.kind())
                )
            })?;
        Ok(Self { file, _unfinished })
    }

    fn path(&self) -> &Path {
        self.file.path()
    }

    fn fill(&mut self, packet: &[u8]) -> io::Result<()> {
        use std::io::Seek;
        let file = self.file.as_file_mut();
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(packet)
    }
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
    fn versions_before_12_are_refused() {
        for version in ["12.00", "12.57", "13.10", "12"] {
            check_version(version).unwrap();
        }
        for (version, reason) in [
            ("11.88", "too old"),
            ("9.9", "too old"),
            ("", "-ver"),
            ("x", "-ver"),
        ] {
            let failure = check_version(version).unwrap_err();
            assert!(failure.contains(reason), "{version}: {failure}");
        }
    }

    #[test]
    fn an_answer_ends_at_its_mark_and_a_process_that_ended_is_told() {
        let lines = Lines::of(&b"one\n{ready1}\n{ready2}\r\nhalf"[..]).unwrap();
        assert_eq!(lines.up_to("{ready1}").unwrap(), b"one\n");
        assert_eq!(lines.up_to("{ready2}").unwrap(), b"");
        let error = lines.up_to("{ready3}").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

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
