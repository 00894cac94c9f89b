//! How far a run is: the progress line on the error stream, and what Ctrl-C reports.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{
    HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike,
};

/// Width of an error stream that is no terminal, in columns.
const PLAIN_WIDTH: usize = 80;

/// Columns of the bar, at least and at most.
const BAR_WIDTHS: [usize; 2] = [10, 30];

/// Time between two updates of the line while no photo is finished.
const TICK: Duration = Duration::from_millis(500);

/// The stage that the run is in. Process-wide, as signals are.
static STAGE: Mutex<Option<Stage>> = Mutex::new(None);

/// A part of a run that goes through photos.
struct Stage {
    doing: &'static str,
    count: usize,
    done: Arc<AtomicUsize>,
}

/// The progress through a number of photos.
pub(super) struct Progress {
    bar: ProgressBar,
    // Beside the bar's own, whose lock is held while results are written, perhaps to a pipe that is full.
    done: Arc<AtomicUsize>,
    ticker: Option<JoinHandle<()>>,
}

impl Progress {
    /// Progress through `count` photos, with a line on the error stream if `shown`.
    pub(super) fn begin(doing: &'static str, count: usize, shown: bool) -> Self {
        let target = match (shown, io::stderr().is_terminal()) {
            (false, _) => ProgressDrawTarget::hidden(),
            (true, true) => ProgressDrawTarget::stderr(),
            // indicatif shows nothing where there is no terminal; the user asked for it.
            (true, false) => ProgressDrawTarget::term_like_with_hz(Box::new(PlainTerminal), 2),
        };
        let bar = ProgressBar::with_draw_target(Some(count as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{line}") {
            let line = move |state: &ProgressState, out: &mut dyn fmt::Write| {
                let line = Line::of(doing, state).fitted(line_width());
                let _ = out.write_str(&line);
            };
            bar.set_style(style.with_key("line", line));
        }
        let ticker = shown.then(|| ticker(&bar)).flatten();
        let done = Arc::new(AtomicUsize::new(0));
        *stage() = Some(Stage {
            doing,
            count,
            done: Arc::clone(&done),
        });
        Self { bar, done, ticker }
    }

    /// Counts `photos` more as done.
    pub(super) fn inc(&self, photos: u64) {
        self.done.fetch_add(photos as usize, Ordering::Relaxed);
        self.bar.inc(photos);
    }

    /// Does `work`, which writes to the terminal, while the line is not there.
    pub(super) fn suspend<T>(&self, work: impl FnOnce() -> T) -> T {
        self.bar.suspend(work)
    }

    /// Removes the line.
    pub(super) fn finish_and_clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish_and_clear();
        // Waited for: the next threads may need its place below the system's limit.
        if let Some(ticker) = self.ticker.take() {
            ticker.thread().unpark();
            let _ = ticker.join();
        }
    }
}

fn stage() -> MutexGuard<'static, Option<Stage>> {
    STAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far the run is, such as "70 of 1,583 photos done"; none before its first photo is begun.
pub(super) fn how_far() -> Option<String> {
    let stage = stage();
    let Stage { doing, count, done } = stage.as_ref()?;
    let photos = match (*doing, count) {
        ("known people", 1) => "known photo",
        ("known people", _) => "known photos",
        (_, 1) => "photo",
        _ => "photos",
    };
    let done = grouped(done.load(Ordering::Relaxed));
    Some(format!("{done} of {} {photos} done", grouped(*count)))
}

/// Draws the bar from time to time, as the first photo may take a while. indicatif's own ticker panics if it cannot start
/// a thread; the line can do without.
fn ticker(bar: &ProgressBar) -> Option<JoinHandle<()>> {
    bar.tick();
    let bar = bar.clone();
    let tick = move || {
        while !bar.is_finished() {
            bar.tick();
            std::thread::park_timeout(TICK);
        }
    };
    let thread = std::thread::Builder::new().name("facematch-progress".to_owned());
    thread.spawn(tick).ok()
}

/// Columns that the line may have: one fewer than the terminal, some of which wrap a full line.
fn line_width() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    let width = size.map_or(PLAIN_WIDTH, |(width, _)| usize::from(width.0));
    width.saturating_sub(1)
}

/// What the line says.
struct Line {
    doing: &'static str,
    done: u64,
    count: u64,
    /// None before the first photo is done.
    per_second: Option<f64>,
    /// None where it is not known, or next to nothing.
    left: Option<Duration>,
}

impl Line {
    fn of(doing: &'static str, state: &ProgressState) -> Self {
        let is_known = state.pos() > 0;
        let left = state.eta();
        Self {
            doing,
            done: state.pos(),
            count: state.len().unwrap_or_default(),
            per_second: is_known.then(|| state.per_sec()),
            left: Some(left).filter(|left| is_known && left.as_secs() > 0),
        }
    }

    /// As much of the line as has room in `width` columns: "searching [==>   ] 70/1,583 photos, 12.3/s, 2m left".
    fn fitted(&self, width: usize) -> String {
        let [done, count] = [self.done, self.count].map(|count| grouped(count as usize));
        let photos = format!("{done}/{count} photos");
        let speed = self.per_second.map(|speed| format!(", {speed:.1}/s"));
        let speed = speed.unwrap_or_default();
        let left = self
            .left
            .map(|left| format!(", {:#} left", HumanDuration(left)));
        let left = left.unwrap_or_default();
        let doing = self.doing;
        let whole = format!("{doing} {photos}{speed}{left}");
        let [least, most] = BAR_WIDTHS;
        // The brackets and a space around the bar.
        let room = width.saturating_sub(whole.len() + 3);
        if room >= least {
            let bar = self.bar(room.min(most));
            return format!("{doing} [{bar}] {photos}{speed}{left}");
        }
        let shorter = [
            whole,
            format!("{doing} {photos}{left}"),
            format!("{doing} {photos}"),
            photos,
            format!("{done}/{count}"),
        ];
        let fitting = shorter.into_iter().find(|line| line.len() <= width);
        fitting.unwrap_or_default()
    }

    fn bar(&self, width: usize) -> String {
        let part = self.done as f64 / self.count.max(1) as f64;
        let full = ((width as f64 * part) as usize).min(width);
        let tip = if full < width && full > 0 { ">" } else { "" };
        format!("{:width$}", "=".repeat(full) + tip)
    }
}

/// A number with commas: "1,583".
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The error stream where it is no terminal.
#[derive(Debug)]
struct PlainTerminal;

impl PlainTerminal {
    fn escape(count: usize, letter: char) -> io::Result<()> {
        match count {
            0 => Ok(()),
            n => write!(io::stderr(), "\x1b[{n}{letter}"),
        }
    }
}

impl TermLike for PlainTerminal {
    fn width(&self) -> u16 {
        PLAIN_WIDTH as u16
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        Self::escape(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        Self::escape(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        Self::escape(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        Self::escape(n, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        writeln!(io::stderr(), "{text}")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        write!(io::stderr(), "{text}")
    }

    fn clear_line(&self) -> io::Result<()> {
        write!(io::stderr(), "\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(doing: &'static str, done: u64, seconds_left: Option<u64>) -> Line {
        Line {
            doing,
            done,
            count: 12_345,
            per_second: seconds_left.map(|_| 12.34),
            left: seconds_left.map(Duration::from_secs),
        }
    }

    #[test]
    fn the_line_fits_every_width() {
        for doing in ["searching", "known people"] {
            for (done, left) in [(0, None), (70, Some(7_000)), (12_345, None)] {
                for width in 0..=200 {
                    let fitted = line(doing, done, left).fitted(width);
                    assert!(fitted.len() <= width, "{width}: {fitted}");
                    assert!(width < 13 || fitted.contains(&grouped(done as usize)));
                }
            }
        }
    }

    #[test]
    fn the_line_says_as_much_as_has_room() {
        let line = line("searching", 6_200, Some(120));
        let told = |width| line.fitted(width);
        assert_eq!(
            told(200),
            "searching [===============>              ] 6,200/12,345 photos, 12.3/s, 2m left"
        );
        assert_eq!(
            told(60),
            "searching [=====>     ] 6,200/12,345 photos, 12.3/s, 2m left"
        );
        assert_eq!(told(50), "searching 6,200/12,345 photos, 12.3/s, 2m left");
        assert_eq!(told(39), "searching 6,200/12,345 photos, 2m left");
        assert_eq!(told(30), "searching 6,200/12,345 photos");
        assert_eq!(told(20), "6,200/12,345 photos");
        assert_eq!(told(12), "6,200/12,345");
        assert_eq!(told(5), "");
    }

    #[test]
    fn what_is_not_known_yet_is_not_in_the_line() {
        let line = line("searching", 0, None).fitted(50);
        assert_eq!(line, "searching [                      ] 0/12,345 photos");
    }

    #[test]
    fn an_interrupted_run_says_how_far_it_was() {
        let progress = Progress::begin("known people", 1_583, false);
        progress.inc(70);
        assert_eq!(how_far().as_deref(), Some("70 of 1,583 known photos done"));
        let _progress = Progress::begin("searching", 1, false);
        assert_eq!(how_far().as_deref(), Some("0 of 1 photo done"));
    }

    #[test]
    fn numbers_have_commas() {
        let grouped = [0, 999, 1_583, 1_234_567].map(grouped);
        assert_eq!(grouped, ["0", "999", "1,583", "1,234,567"]);
    }
}
