//! The process of ExifTool that does the whole run (`-stay_open`, see exiftool(1)). In come the arguments of a question, a line
//! each; out goes what ExifTool printed.

use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use super::answers::{Answers, mark};

/// The least version: older ones do not write WebP.
const LEAST_VERSION: u32 = 12;

/// So long ExifTool may work on a photo: a minute would do for the largest ones on slow disks.
const PATIENCE: Duration = Duration::from_secs(600);

/// So many bytes of questions, without their marks, are asked before the answers are looked at: they find room in a pipe. Where
/// ExifTool reads no more, only who waits for an answer loses the patience.
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
    output: Answers,
    errors: Answers,
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
        match process.check_version() {
            Ok(()) => Ok(process),
            Err(reason) => {
                process.kill();
                Err(reason)
            }
        }
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

    fn check_version(&mut self) -> Result<(), String> {
        let failed = |error| format!("exiftool has failed: {error}");
        self.ask(&[b"-ver\n"]).map_err(failed)?;
        let streams = self.streams().map_err(failed)?;
        let (version, end) = streams.output.next(1, PATIENCE);
        end.map_or(Ok(()), Err).map_err(failed)?;
        check_version(String::from_utf8_lossy(&version.concat()).trim())?;
        // What Perl says on its start, about the locale for one, is of no photo. Old versions set no mark behind it.
        let (_, end) = streams.errors.next(1, PATIENCE);
        end.map_or(Ok(()), Err).map_err(failed)
    }

    /// What is printed for each of `questions`, lines of one argument each, in their order. Ends with an error where ExifTool has
    /// failed.
    pub(super) fn answers(&mut self, questions: &[&[u8]]) -> Vec<io::Result<Printed>> {
        let mut answers = Vec::new();
        while answers.len() < questions.len() {
            let rest = &questions[answers.len()..];
            let (printed, end) = self.answers_at_once(&rest[..asked_ahead(rest)]);
            answers.extend(printed.into_iter().map(Ok));
            if let Some(error) = end {
                answers.push(Err(error));
                break;
            }
        }
        answers
    }

    /// Asks all of `questions` before it looks at the answers, so that neither waits for the other in between. Fewer answers with
    /// the reason where ExifTool has failed.
    fn answers_at_once(&mut self, questions: &[&[u8]]) -> (Vec<Printed>, Option<io::Error>) {
        let asked = self.ask(questions);
        let streams = match asked.and_then(|()| self.streams()) {
            Ok(streams) => streams,
            Err(error) => return (Vec::new(), Some(error)),
        };
        let (output, no_output) = streams.output.next(questions.len(), PATIENCE);
        let (errors, no_errors) = streams.errors.next(output.len(), PATIENCE);
        let printed = output.into_iter().zip(errors).collect();
        (printed, no_output.or(no_errors))
    }

    fn ask(&mut self, questions: &[&[u8]]) -> io::Result<()> {
        let mut text = Vec::new();
        for question in questions {
            self.asked += 1;
            let number = self.asked;
            text.extend(*question);
            writeln!(text, "-echo4\n{}\n-execute{number}", mark(number))?;
        }
        let input = &mut self.streams()?.input;
        input.write_all(&text)?;
        input.flush()
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
}
