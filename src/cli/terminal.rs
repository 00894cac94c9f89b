//! The terminal that results may go to.

use std::io::{self, IsTerminal};
use std::path::Path;

use super::config::{Results, When};
use super::output::is_stdout;
use crate::cli::report::{Columns, Layout, TextStyle};

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

/// How text among `results` looks; it is coloured where the user wants that and can see it.
pub(super) fn style(results: &Results, layout: Layout) -> TextStyle {
    let colored = match results.color {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            // https://no-color.org: any value but the empty one.
            let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
                || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
            is_stdout(results.file.as_deref()) && io::stdout().is_terminal() && !refused
        }
    };
    TextStyle { colored, layout }
}

fn width() -> usize {
    match terminal_size::terminal_size_of(io::stdout()) {
        Some((terminal_size::Width(width), _)) if width > 0 => usize::from(width),
        _ => USUAL_WIDTH,
    }
}
