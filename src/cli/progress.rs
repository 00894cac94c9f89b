//! Progress of a run: the progress line on the error stream, and the report of Ctrl-C.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{
    HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike,
};

/// Width in columns of an error stream that is not a terminal.
const PLAIN_WIDTH: usize = 80;

/// Minimum and maximum width of the bar in columns.
const BAR_WIDTHS: [usize; 2] = [10, 30];

/// Time between two updates of the line while no photo is finished.
const TICK: Duration = Duration::from_millis(500);

/// Current stage of the run. It is process-wide because signals are.
static STAGE: Mutex<Option<Stage>> = Mutex::new(None);

/// Part of a run that processes photos.
struct Stage {
    doing: &'static str,
    count: usize,
    done: Arc<AtomicUsize>,
}

/// Progress through a number of photos.
pub(super) struct Progress {
    bar: ProgressBar,
    // Separate from the bar's own counter, whose lock is held while results are written, perhaps to
    // a full pipe.
    done: Arc<AtomicUsize>,
    ticker: Option<JoinHandle<()>>,
}

impl Progress {
    /// Starts the progress through `count` photos, with a line on the error stream if `shown`.
    pub(super) fn begin(doing: &'static str, count: usize, shown: bool) -> Self {
        let target = match (shown, io::stderr().is_terminal()) {
            (false, _) => ProgressDrawTarget::hidden(),
            (true, true) => ProgressDrawTarget::stderr(),
            // indicatif shows nothing without a terminal, but the user asked for the line.
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

    /// Adds `photos` to the number of finished photos.
    pub(super) fn inc(&self, photos: u64) {
        self.done.fetch_add(photos as usize, Ordering::Relaxed);
        self.bar.inc(photos);
    }

    /// Hides the line while `work` writes to the terminal.
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
        // Joined because the next threads may need its slot below the system's thread limit.
        if let Some(ticker) = self.ticker.take() {
            ticker.thread().unpark();
            let _ = ticker.join();
        }
    }
}

fn stage() -> MutexGuard<'static, Option<Stage>> {
    STAGE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the progress of the run, such as "70 of 1,583 photos done"; `None` before its first
/// photo is started.
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

/// Redraws the bar at intervals because the first photo may take a while. indicatif's own ticker
/// panics if it cannot start a thread, but the line works without one.
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

/// Returns the maximum width of the line in columns: one fewer than the terminal has, because some
/// terminals wrap a full line.
fn line_width() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    let width = size.map_or(PLAIN_WIDTH, |(width, _)| usize::from(width.0));
    width.saturating_sub(1)
}

/// Content of the progress line.
struct Line {
    doing: &'static str,
    done: u64,
    count: u64,
    /// `None` before the first photo is done.
    per_second: Option<f64>,
    /// `None` if unknown or close to zero.
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

    /// Returns as much of the line as fits in `width` columns: "searching [==>   ] 70/1,583 photos,
    /// 12.3/s, 2m left".
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
        // 3 columns for the brackets and the space after the bar.
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

/// Formats a number with commas: "1,583".
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

/// An error stream that is not a terminal.
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
