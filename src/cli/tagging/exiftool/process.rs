//! The ExifTool process that serves the whole run (`-stay_open`, see exiftool(1)). Input: the
//! arguments of a question, one per line. Output: ExifTool's answer.

use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use super::answers::{Answers, mark};

/// Oldest major version that is accepted. WebP is written from version 12.46 on.
const LEAST_VERSION: u32 = 12;

/// Maximum time for one question. A minute would do for the largest photos on slow disks.
const PATIENCE: Duration = Duration::from_secs(600);

/// A running ExifTool.
pub(super) struct Process {
    children: Vec<Child>,
    /// `None` once they are closed, which ends the process.
    streams: Option<Streams>,
    /// Number of questions asked so far.
    asked: u64,
}

struct Streams {
    input: ChildStdin,
    output: Answers,
    errors: Answers,
}

impl Process {
    /// Starts ExifTool without waiting for it: starting takes as long as the recognition of several
    /// faces.
    ///
    /// # Errors
    /// Advice if ExifTool is missing.
    pub(super) fn begin() -> Result<Self, String> {
        Self::spawn().map_err(|error| {
            format!(
                "exiftool, which writes into photos, cannot be run: {error}; install it (Debian: libimage-exiftool-perl)"
            )
        })
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
                output: Answers::of(output)?,
                errors: Answers::of(errors)?,
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

    /// Waits until the process has started.
    ///
    /// # Errors
    /// Advice if ExifTool is too old or failed.
    pub(super) fn check(&mut self) -> Result<(), String> {
        if self.asked > 0 {
            return Ok(());
        }
        let failed = |error| format!("{}; see what exiftool -ver says", failed(error));
        check_version(&self.version().map_err(failed)?)?;
        // Perl's messages at startup, such as those about the locale, do not belong to a photo. Old
        // versions write no mark after them.
        let errors = self
            .streams()
            .and_then(|streams| streams.errors.next(PATIENCE));
        errors.map(drop).map_err(failed)
    }

    fn version(&mut self) -> io::Result<String> {
        self.ask(b"-ver\n")?;
        let version = self.streams()?.output.next(PATIENCE)?;
        Ok(String::from_utf8_lossy(&version).trim().to_owned())
    }

    /// Returns the output and the errors for `lines`, one argument each.
    ///
    /// # Errors
    /// Those of [`Self::check`]; also if the process has ended or does not answer in time.
    pub(super) fn answer(&mut self, lines: &[u8]) -> Result<(Vec<u8>, Vec<u8>), String> {
        self.check()?;
        self.answer_once_begun(lines).map_err(failed)
    }

    fn answer_once_begun(&mut self, lines: &[u8]) -> io::Result<(Vec<u8>, Vec<u8>)> {
        self.ask(lines)?;
        let streams = self.streams()?;
        let output = streams.output.next(PATIENCE)?;
        Ok((output, streams.errors.next(PATIENCE)?))
    }

    fn ask(&mut self, lines: &[u8]) -> io::Result<()> {
        self.asked += 1;
        let number = self.asked;
        let input = &mut self.streams()?.input;
        input.write_all(lines)?;
        write!(input, "-echo4\n{}\n-execute{number}\n", mark(number))?;
        input.flush()
    }

    fn streams(&mut self) -> io::Result<&mut Streams> {
        self.streams
            .as_mut()
            .ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }

    /// Kills the process at once.
    pub(super) fn kill(mut self) {
        self.kill_children();
    }

    fn kill_children(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.asked == 0 {
            // It may still be starting and has no work to finish.
            self.kill_children();
        }
        if let Some(mut streams) = self.streams.take() {
            // Without this command it would wait for more input.
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

/// Returns the input of a new ExifTool: the child that forwards it, the end that facematch writes
/// to, and the end that ExifTool reads. ExifTool would wait forever if facematch were killed, so
/// the child between them tells it to end.
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

/// Returns one message for a process that has ended, whether asking it or reading its answer fails
/// first.
fn failed(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
            "exiftool failed: it ended without an answer".to_owned()
        }
        _ => format!("exiftool failed: {error}"),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Either the pipe to an ended process breaks first or the pipe from it ends first, by chance.
    #[test]
    fn one_that_has_ended_is_told_in_one_way() {
        let told = [io::ErrorKind::BrokenPipe, io::ErrorKind::UnexpectedEof]
            .map(|kind| failed(kind.into()));
        assert_eq!(told[0], "exiftool failed: it ended without an answer");
        assert_eq!(told[0], told[1]);
    }

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
}
