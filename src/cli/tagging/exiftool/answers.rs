//! What ExifTool prints on one of its streams. In come bytes with a mark behind each answer; out go the answers, many at a
//! time.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The most bytes that wait. A packet has some kilobytes, with the history of many edits a megabyte.
const MOST_BYTES: usize = 64 << 20;

/// What stands alone in a line behind the answer to the question `number`, from 1 on.
pub(super) fn mark(number: u64) -> String {
    format!("{{ready{number}}}")
}

/// The answers that come from a stream, read by a thread of its own: ExifTool waits where one of its streams is full.
pub(super) struct Answers(Arc<Shared>);

#[derive(Default)]
struct Shared {
    received: Mutex<Received>,
    /// As many answers as wanted are there, or no more come.
    is_enough: Condvar,
}

#[derive(Default)]
struct Received {
    whole: VecDeque<Vec<u8>>,
    /// The begin of the next one.
    begun: Vec<u8>,
    /// How many lines came.
    lines: u64,
    /// How many answers are waited for. The reader wakes nobody before.
    wanted: usize,
    /// Why no more come.
    end: Option<io::ErrorKind>,
}

impl Received {
    fn is_enough(&self) -> bool {
        self.whole.len() >= self.wanted || self.end.is_some()
    }

    fn bytes(&self) -> usize {
        self.begun.len() + self.whole.iter().map(Vec::len).sum::<usize>()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads `stream` to its end.
    fn read(&self, stream: impl Read) {
        let mut stream = BufReader::new(stream);
        let mut answered = 0;
        let end = loop {
            let mut line = Vec::new();
            let read = stream
                .by_ref()
                .take(MOST_BYTES as u64)
                .read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) {
                break io::ErrorKind::UnexpectedEof;
            }
            let mut received = self.lock();
            received.lines += 1;
            if line.trim_ascii_end() == mark(answered + 1).as_bytes() {
                answered += 1;
                let answer = std::mem::take(&mut received.begun);
                received.whole.push_back(answer);
            } else if received.bytes() + line.len() > MOST_BYTES {
                break io::ErrorKind::FileTooLarge;
            } else {
                received.begun.extend(line);
            }
            if received.is_enough() {
                self.is_enough.notify_one();
            }
        };
        self.lock().end = Some(end);
        self.is_enough.notify_one();
    }
}

impl Answers {
    pub(super) fn of(stream: impl Read + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let reader = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("facematch-exiftool".to_owned())
            .spawn(move || reader.read(stream))?;
        Ok(Self(shared))
    }

    /// The next `count` answers, fewer with the reason where no more come, also when nothing comes for as long as `patience`, at
    /// most twice as long.
    pub(super) fn next(
        &self,
        count: usize,
        patience: Duration,
    ) -> (Vec<Vec<u8>>, Option<io::Error>) {
        let mut received = self.0.lock();
        received.wanted = count;
        let mut end = None;
        while end.is_none() && !received.is_enough() {
            let lines = received.lines;
            let waited = self.0.is_enough.wait_timeout(received, patience);
            let (now, time) = waited.unwrap_or_else(PoisonError::into_inner);
            received = now;
            if time.timed_out() && received.lines == lines {
                end = Some(io::ErrorKind::TimedOut);
            }
        }
        let there = count.min(received.whole.len());
        let answers: Vec<_> = received.whole.drain(..there).collect();
        let end = end.or(received.end).filter(|_| there < count);
        (answers, end.map(io::Error::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn an_answer_ends_at_its_mark_and_a_stream_that_ended_is_told() {
        let stream = b"one\n{ready2}\nmore\n{ready1}\n{ready2}\r\nhalf";
        let answers = Answers::of(&stream[..]).unwrap();
        let (first, end) = answers.next(1, PATIENCE);
        assert_eq!(first, [b"one\n{ready2}\nmore\n"]);
        assert!(end.is_none());
        let (rest, end) = answers.next(2, PATIENCE);
        assert_eq!(rest, [b""]);
        assert_eq!(end.unwrap().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn many_answers_are_waited_for_at_a_time() {
        let stream: String = (1..=500).map(|n| format!("{n}\n{}\n", mark(n))).collect();
        let answers = Answers::of(io::Cursor::new(stream)).unwrap();
        let (first, end) = answers.next(400, PATIENCE);
        assert_eq!((first.len(), end.is_none()), (400, true));
        let (rest, end) = answers.next(100, PATIENCE);
        assert_eq!(rest[99], b"500\n");
        assert!(end.is_none());
    }

    #[test]
    fn what_is_too_large_and_what_does_not_come_is_told() {
        let flood = Answers::of(io::repeat(b'x')).unwrap();
        let (none, end) = flood.next(1, PATIENCE);
        assert!(none.is_empty());
        assert_eq!(end.unwrap().kind(), io::ErrorKind::FileTooLarge);

        let (reader, _writer) = io::pipe().unwrap();
        let silence = Answers::of(reader).unwrap();
        let (none, end) = silence.next(1, Duration::from_millis(1));
        assert!(none.is_empty());
        assert_eq!(end.unwrap().kind(), io::ErrorKind::TimedOut);
    }
}
