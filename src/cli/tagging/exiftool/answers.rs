//! Answers from one of ExifTool's streams. Input: bytes with a mark after each answer. Output: the
//! answers.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// Maximum size in bytes of an answer. A packet has a few kilobytes, or a megabyte with a long edit
/// history.
const MOST_BYTES: usize = 64 << 20;

/// Maximum number of lines that wait to be processed.
const LINES_AHEAD: usize = 16;

/// Returns the line that follows the answer to question `number`, counted from 1.
pub(super) fn mark(number: u64) -> String {
    format!("{{ready{number}}}")
}

/// Answers from a stream. A separate thread reads it, because ExifTool blocks if one of its streams
/// is full.
pub(super) struct Answers {
    lines: Receiver<Vec<u8>>,
    /// Number of answers returned so far.
    taken: u64,
}

impl Answers {
    pub(super) fn of(stream: impl Read + Send + 'static) -> io::Result<Self> {
        let (sender, lines) = sync_channel(LINES_AHEAD);
        let mut stream = BufReader::new(stream);
        std::thread::Builder::new()
            .name("facematch-exiftool".to_owned())
            .spawn(move || {
                loop {
                    let mut line = Vec::new();
                    let read = stream
                        .by_ref()
                        .take(MOST_BYTES as u64)
                        .read_until(b'\n', &mut line);
                    let is_end = !matches!(read, Ok(1..));
                    if is_end || sender.send(line).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self { lines, taken: 0 })
    }

    /// Returns the next answer.
    ///
    /// # Errors
    /// If the stream has ended, no line arrives within `patience`, or the answer is too large.
    pub(super) fn next(&mut self, patience: Duration) -> io::Result<Vec<u8>> {
        self.taken += 1;
        let mark = mark(self.taken);
        let mut answer = Vec::new();
        loop {
            let line = self
                .lines
                .recv_timeout(patience)
                .map_err(|error| match error {
                    RecvTimeoutError::Timeout => io::ErrorKind::TimedOut,
                    RecvTimeoutError::Disconnected => io::ErrorKind::UnexpectedEof,
                })?;
            if line.trim_ascii_end() == mark.as_bytes() {
                return Ok(answer);
            }
            if answer.len() + line.len() > MOST_BYTES {
                return Err(io::ErrorKind::FileTooLarge.into());
            }
            answer.extend(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn an_answer_ends_at_its_mark_and_a_stream_that_ended_is_told() {
        let stream = b"one\n{ready2}\nmore\n{ready1}\n{ready2}\r\nhalf";
        let mut answers = Answers::of(&stream[..]).unwrap();
        assert_eq!(answers.next(PATIENCE).unwrap(), b"one\n{ready2}\nmore\n");
        assert_eq!(answers.next(PATIENCE).unwrap(), b"");
        let end = answers.next(PATIENCE).unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn what_is_too_large_and_what_does_not_come_is_told() {
        let mut flood = Answers::of(io::repeat(b'x')).unwrap();
        let end = flood.next(PATIENCE).unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::FileTooLarge);

        let (reader, _writer) = io::pipe().unwrap();
        let mut silence = Answers::of(reader).unwrap();
        let end = silence.next(Duration::from_millis(1)).unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::TimedOut);
    }
}
