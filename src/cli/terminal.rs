//! The terminal that results may go to.

use std::io::{self, IsTerminal};
use std::path::Path;

use super::output::is_stdout;
use crate::cli::report::{Columns, Layout};

/// Columns of a terminal that does not say how many it has.
const USUAL_WIDTH: usize = 80;

/// How lines about `paths` and people called `names` are laid out on standard output, or in the file `output` if that is
/// one: in columns on a terminal, else with tabs.
pub(super) fn layout<'a>(
    output: Option<&Path>,
    paths: impl IntoIterator<Item = &'a Path>,
    names: impl IntoIterator<Item = &'a str>,
) -> Layout {
    match is_stdout(output) && io::stdout().is_terminal() {
        true => Layout::Columns(Columns::new(width(), paths, names)),
        false => Layout::Tabs,
    }
}

fn width() -> usize {
    match terminal_size::terminal_size_of(io::stdout()) {
        Some((terminal_size::Width(width), _)) if width > 0 => usize::from(width),
        _ => USUAL_WIDTH,
    }
}
