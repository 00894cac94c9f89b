//! Changes to a text, collected and applied at once.

use std::ops::Range;

use super::tree::Element;

/// Replacements by their range. No two ranges may overlap.
#[derive(Debug, Default)]
pub(crate) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    /// Replaces the bytes `range`, which must lie between characters, with `new`.
    pub(crate) fn replace(&mut self, range: Range<usize>, new: impl Into<String>) {
        self.0.push((range, new.into()));
    }

    /// Adds `elements` after the last child of `parent`, each on its own line if the existing
    /// children are.
    pub(crate) fn append(&mut self, text: &str, parent: &Element, elements: &[String]) {
        let Some(content) = &parent.content else {
            let end = parent.span.end;
            let inside = elements.concat();
            self.replace(
                end - "/>".len()..end,
                format!(">{inside}</{}>", parent.written),
            );
            return;
        };
        let (at, before) = match parent.children.last() {
            Some(last) => (last.span.end, blank_before(text, last.span.start)),
            None => (content.start, content.start..content.start),
        };
        let before = &text[before];
        let added: String = elements.iter().flat_map(|new| [before, new]).collect();
        self.replace(at..at, added);
    }

    /// Removes `element` with the white space before it.
    pub(crate) fn remove(&mut self, text: &str, element: &Element) {
        let before = blank_before(text, element.span.start);
        self.replace(before.start..element.span.end, "");
    }

    /// Returns `text` with all changes applied.
    pub(crate) fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let mut changed = String::with_capacity(text.len());
        let mut at = 0;
        for (range, new) in &self.0 {
            changed.push_str(&text[at..range.start]);
            changed.push_str(new);
            at = range.end;
        }
        changed.push_str(&text[at..]);
        changed
    }
}

/// Returns the range of the white space that ends at `end`.
fn blank_before(text: &str, end: usize) -> Range<usize> {
    let start = text[..end].trim_end_matches([' ', '\t', '\r', '\n']).len();
    start..end
}
