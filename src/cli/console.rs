//! The error stream: messages and the progress bar. Results are never written here.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use super::config::{Messages, When};
use super::progress::Progress;

/// Writer for everything the user reads apart from the results.
pub(super) struct Console {
    quiet: bool,
    verbose: bool,
    progress: bool,
}

impl Console {
    pub(super) fn new(messages: &Messages) -> Self {
        Self {
            quiet: messages.quiet,
            verbose: messages.verbose,
            progress: match messages.progress {
                When::Always => true,
                When::Never => false,
                When::Auto => !messages.quiet && io::stderr().is_terminal(),
            },
        }
    }

    /// Returns whether the user wants more details.
    pub(super) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Prints an error about an input or the run.
    pub(super) fn error(&self, message: impl Display) {
        print_error(message);
    }

    /// Prints a warning, unless `--quiet` is given.
    pub(super) fn warn(&self, message: impl Display) {
        if !self.quiet {
            line(format_args!("facematch: warning: {message}"));
        }
    }

    /// Prints which photos are not searched. `--quiet` does not hide it, because the user would
    /// miss them in the results.
    pub(super) fn skipped(&self, message: impl Display) {
        line(format_args!("facematch: {message}"));
    }

    /// Prints the summary of a run, unless `--quiet` is given.
    pub(super) fn summary(&self, message: impl Display) {
        if !self.quiet {
            line(format_args!("facematch: {message}"));
        }
    }

    /// Prints a detail for `--verbose`.
    pub(super) fn detail(&self, message: impl Display) {
        if self.verbose {
            line(format_args!("facematch: {message}"));
        }
    }

    /// Prints a table that the user asked for.
    pub(super) fn table(&self, table: impl Display) {
        write_line(&table.to_string());
    }

    /// Returns the progress through `count` photos. Its line is shown only if the user wants it.
    pub(super) fn progress(&self, doing: &'static str, count: usize) -> Progress {
        Progress::begin(doing, count, self.progress)
    }
}

/// Prints an error of a run that has no [`Console`] yet.
pub(super) fn print_error(message: impl Display) {
    line(format_args!("facematch: {message}"));
}

/// Writes one line to the error stream. Control characters, which file names may contain, are
/// escaped: they could forge a line or send commands to the terminal.
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

/// Writes `line` and ignores errors: a closed error stream is no reason to stop.
fn write_line(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
