//! The process of ExifTool that does the whole run (`-stay_open`, see exiftool(1)). In come the arguments of a question, a line
//! each; out goes what ExifTool printed.

use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use super::answers::{Answers, mark};

/// The least version that is tried. WebP is written from 12.46 on.
const LEAST_VERSION: u32 = 12;

/// So long ExifTool may work on what it is asked: a minute would do for the largest photos on slow disks.
const PATIENCE: Duration = Duration::from_secs(600);

/// The running ExifTool.
pub(super) struct Process {
    children: Vec<Child>,
    /// `None` once they were closed, by which it ends.
    streams: Option<Streams>,
    /// How many questions it was asked.
    asked: u64,
}

struct Streams {
    input: ChildStdin,
    output: Answers,
    errors: Answers,
}

impl Process {
    /// Lets ExifTool begin, and does not wait for it: it needs as long as the recognition of several faces.
    ///
    /// # Errors
    /// What to do when there is none.
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

    /// Waits until it has begun.
    ///
    /// # Errors
    /// What to do when it is too old, or has failed.
    pub(super) fn check(&mut self) -> Result<(), String> {
        if self.asked > 0 {
            return Ok(());
        }
        let failed = |error| format!("{}; see what exiftool -ver says", failed(error));
        check_version(&self.version().map_err(failed)?)?;
        // What Perl says on its start, about the locale for one, is of no photo. Old versions set no mark behind it.
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

    /// The output and the errors that come of `lines`, one argument each.
    ///
    /// # Errors
    /// Those of [`Self::check`]; it has ended, or says nothing for very long.
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

    /// Ends it at once, whatever it does.
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
            // It may still begin, and has nothing to end.
            self.kill_children();
        }
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

/// One that has ended is seen when it is asked or when its answer is read, whichever comes first.
fn failed(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof => {
            "exiftool has failed: it ended without an answer".to_owned()
        }
        _ => format!("exiftool has failed: {error}"),
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

    /// A process that has ended breaks the pipe to it, or ends the pipe from it: which of the two is seen is chance.
    #[test]
    fn one_that_has_ended_is_told_in_one_way() {
        let told = [io::ErrorKind::BrokenPipe, io::ErrorKind::UnexpectedEof]
            .map(|kind| failed(kind.into()));
        assert_eq!(told[0], "exiftool has failed: it ended without an answer");
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
