//! The error stream: messages and the progress bar. Results never go here.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use super::config::{Messages, When};
use super::progress::Progress;

/// What the user reads beside the results.
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

    /// Something went wrong with an input or with the run.
    pub(super) fn error(&self, message: impl Display) {
        print_error(message);
    }

    /// Something the user should know.
    pub(super) fn warn(&self, message: impl Display) {
        if !self.quiet {
            line(format_args!("facematch: warning: {message}"));
        }
    }

    /// Photos that are not searched. Written with `--quiet`, too: the user would miss them.
    pub(super) fn skipped(&self, message: impl Display) {
        line(format_args!("facematch: {message}"));
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

    /// The progress through `count` photos, with a line that is hidden unless it is wanted.
    pub(super) fn progress(&self, doing: &'static str, count: usize) -> Progress {
        Progress::begin(doing, count, self.progress)
    }
}

/// Prints an error of a run that has no [`Console`] yet.
pub(super) fn print_error(message: impl Display) {
    line(format_args!("facematch: {message}"));
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
