//! The terminal that results may be printed on.

use std::io::{self, IsTerminal};
use std::path::Path;

use super::config::{Results, When};
use super::output::is_stdout;
use crate::cli::report::{Columns, Layout, TextStyle};

/// Width in columns of a terminal that does not report one.
const USUAL_WIDTH: usize = 80;

/// Returns the layout of lines about `paths` and people called `names`: columns if they go to a
/// terminal, else tabs.
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

/// Returns the style of text among `results`, `with_rates` of strangers or without. It is coloured
/// if the user wants that and can see it.
pub(super) fn style(results: &Results, layout: Layout, with_rates: bool) -> TextStyle {
    let colored = match results.color {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            // https://no-color.org: any value except the empty one.
            let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
                || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
            is_stdout(results.file.as_deref()) && io::stdout().is_terminal() && !refused
        }
    };
    TextStyle {
        colored,
        layout,
        with_rates,
    }
}

fn width() -> usize {
    match terminal_size::terminal_size_of(io::stdout()) {
        Some((terminal_size::Width(width), _)) if width > 0 => usize::from(width),
        _ => USUAL_WIDTH,
    }
}
