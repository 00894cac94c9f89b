//! The error stream: messages and the progress bar. Results never go here.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike};

use super::args::{MessageArgs, When};

/// What the user reads beside the results.
pub(super) struct Console {
    quiet: bool,
    verbose: bool,
    progress: bool,
}

impl Console {
    pub(super) fn new(args: &MessageArgs) -> Self {
        Self {
            quiet: args.quiet,
            verbose: args.verbose,
            progress: match args.progress {
                When::Always => true,
                When::Never => false,
                When::Auto => !args.quiet && io::stderr().is_terminal(),
            },
        }
    }

    /// Something went wrong with an input or with the run.
    pub(super) fn error(&self, message: impl Display) {
        line(format_args!("facematch: {message}"));
    }

    /// Something the user should know.
    pub(super) fn warn(&self, message: impl Display) {
        if !self.quiet {
            line(format_args!("facematch: warning: {message}"));
        }
    }

    /// The end of a run.
    pub(super) fn summary(&self, message: impl Display) {
        if !self.quiet {
            line(format_args!("facematch: {message}"));
        }
    }

    /// What only somebody who looks for it wants to know.
    pub(super) fn detail(&self, message: impl Display) {
        if self.verbose {
            line(format_args!("facematch: {message}"));
        }
    }

    /// A table that was asked for.
    pub(super) fn table(&self, table: impl Display) {
        write_line(&table.to_string());
    }

    /// A progress bar over `count` photos, hidden unless it is wanted.
    pub(super) fn progress(&self, doing: &'static str, count: usize) -> ProgressBar {
        let target = match (self.progress, io::stderr().is_terminal()) {
            (false, _) => ProgressDrawTarget::hidden(),
            (true, true) => ProgressDrawTarget::stderr(),
            // indicatif shows nothing where there is no terminal; the user asked for it.
            (true, false) => ProgressDrawTarget::term_like_with_hz(Box::new(PlainTerminal), 2),
        };
        let bar = ProgressBar::with_draw_target(Some(count as u64), target);
        if let Ok(style) = ProgressStyle::with_template(
            "{msg} [{bar:30}] {pos}/{len} photos, {photos_per_second}, {eta} left",
        ) {
            let style = style.with_key("photos_per_second", write_speed);
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(doing);
        // The first photo may take a while: show that something happens.
        bar.enable_steady_tick(Duration::from_millis(500));
        bar
    }
}

/// indicatif's own key has four digits after the point, which dance.
fn write_speed(state: &ProgressState, out: &mut dyn fmt::Write) {
    let _ = write!(out, "{:.1}/s", state.per_sec());
}

/// One line on the error stream. Control characters, which a file's name may hold, are escaped: they could forge a line
/// or command the terminal.
fn line(message: impl Display) {
    let message = message.to_string();
    let escaped = message.chars().fold(String::new(), |mut line, c| {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
        line
    });
    write_line(&escaped);
}

/// A closed error stream is no reason to stop.
fn write_line(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// The error stream, taken for a terminal of 80 columns.
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
        80
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
