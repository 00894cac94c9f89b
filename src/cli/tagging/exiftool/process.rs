//! The process of ExifTool that does the whole run (`-stay_open`, see exiftool(1)). In come the arguments of a question, a line
//! each; out goes what ExifTool printed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// The least version: older ones do not write WebP.
const LEAST_VERSION: u32 = 12;

/// The most bytes of an answer. A packet has some kilobytes, with the history of many edits a megabyte.
const MOST_BYTES: u64 = 64 << 20;

/// So long ExifTool may work on a photo: a minute would do for the largest ones on slow disks.
const PATIENCE: Duration = Duration::from_secs(600);

/// So many lines of an answer wait to be looked at.
const LINES_AHEAD: usize = 16;

/// So many bytes of questions are asked before the answers are looked at: they find room in a pipe, so that we never wait for
/// ExifTool while it waits for us.
const BYTES_AHEAD: usize = 16 << 10;

/// What ExifTool printed as output and as errors.
pub(super) type Printed = (Vec<u8>, Vec<u8>);

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
    pub(super) fn begin() -> Result<Self, String> {
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
        let mark = self.ask(&[b"-ver\n"]).map_err(failed)?.concat();
        let version = self.output_up_to(&mark).map_err(failed)?;
        check_version(String::from_utf8_lossy(&version).trim())?;
        // What Perl says on its start, about the locale for one, is of no photo. Old versions set no mark behind it.
        self.errors_up_to(&mark).map_err(failed)?;
        Ok(())
    }

    /// What is printed for each of `questions`, lines of one argument each, in their order. Ends with an error where ExifTool has
    /// failed.
    pub(super) fn answers(&mut self, questions: &[&[u8]]) -> Vec<io::Result<Printed>> {
        let mut answers = Vec::new();
        while answers.len() < questions.len() {
            let rest = &questions[answers.len()..];
            if let Err(error) = self.answer_ahead(&rest[..asked_ahead(rest)], &mut answers) {
                answers.push(Err(error));
                break;
            }
        }
        answers
    }

    /// Asks all of `questions` before it looks at the answers, so that ExifTool need not wait in between.
    fn answer_ahead(
        &mut self,
        questions: &[&[u8]],
        answers: &mut Vec<io::Result<Printed>>,
    ) -> io::Result<()> {
        for mark in self.ask(questions)? {
            let output = self.output_up_to(&mark)?;
            let errors = self.errors_up_to(&mark)?;
            answers.push(Ok((output, errors)));
        }
        Ok(())
    }

    /// Asks `questions`; the marks that ExifTool sets behind its answers on both streams.
    fn ask(&mut self, questions: &[&[u8]]) -> io::Result<Vec<String>> {
        let mut text = Vec::new();
        let mut marks = Vec::new();
        for question in questions {
            self.asked += 1;
            let number = self.asked;
            let mark = format!("{{ready{number}}}");
            text.extend(*question);
            write!(text, "-echo4\n{mark}\n-execute{number}\n")?;
            marks.push(mark);
        }
        let input = &mut self.streams()?.input;
        input.write_all(&text)?;
        input.flush()?;
        Ok(marks)
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
    pub(super) fn kill(mut self) {
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

/// How many of `questions`, at least one, are asked before the answers are looked at.
fn asked_ahead(questions: &[&[u8]]) -> usize {
    let mut bytes = 0;
    let have_room = |question: &&&[u8]| {
        bytes += question.len();
        bytes <= BYTES_AHEAD
    };
    questions.iter().take_while(have_room).count().max(1)
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
    fn no_more_is_asked_ahead_than_a_pipe_holds_but_one_question_is() {
        let ahead = |lengths: &[usize]| {
            let questions: Vec<_> = lengths.iter().map(|&length| vec![b'x'; length]).collect();
            let questions: Vec<_> = questions.iter().map(|question| &question[..]).collect();
            asked_ahead(&questions)
        };
        assert_eq!(ahead(&[100; 10]), 10);
        assert_eq!(ahead(&[BYTES_AHEAD / 4; 10]), 4);
        assert_eq!(ahead(&[BYTES_AHEAD + 1, 1]), 1);
        assert_eq!(ahead(&[1, BYTES_AHEAD, 1]), 1);
    }

    #[test]
    fn an_answer_ends_at_its_mark_and_a_process_that_ended_is_told() {
        let lines = Lines::of(&b"one\n{ready1}\n{ready2}\r\nhalf"[..]).unwrap();
        assert_eq!(lines.up_to("{ready1}").unwrap(), b"one\n");
        assert_eq!(lines.up_to("{ready2}").unwrap(), b"");
        let error = lines.up_to("{ready3}").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
