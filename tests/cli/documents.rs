//! README and docs/ stay true: links work, and names of the code exist in the code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::common::repository;

/// Returns README, CHANGELOG and the other pages for users, relative to the repository.
fn pages() -> Vec<PathBuf> {
    let root = repository("");
    let folders = ["", "docs", "known", "unknown", "models"];
    let entries = folders.map(|folder| WalkDir::new(root.join(folder)).max_depth(1));
    let paths = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().into_path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| path.strip_prefix(&root).unwrap().to_owned())
        .collect()
}

fn text(page: &Path) -> String {
    std::fs::read_to_string(repository("").join(page)).unwrap()
}

/// Returns `text` without code blocks.
fn prose(text: &str) -> String {
    let parts = text.split("```").enumerate();
    let parts = parts.filter(|(number, _)| number % 2 == 0);
    parts.map(|(_, part)| part).collect()
}

/// Returns the anchors of the headings in `text`, as GitHub generates them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let heading = heading.trim_start_matches('#').trim().to_lowercase();
        let letters = heading.chars().filter_map(|letter| match letter {
            ' ' => Some('-'),
            letter if letter.is_alphanumeric() || letter == '-' || letter == '_' => Some(letter),
            _ => None,
        });
        letters.collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut links = 0;
    for page in pages() {
        let prose = prose(&text(&page));
        for rest in prose.split("](").skip(1) {
            let target = rest.split(')').next().unwrap();
            if target.contains("://") {
                continue;
            }
            links += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let linked = match path {
                "" => page.clone(),
                path => page.parent().unwrap().join(path),
            };
            assert!(
                repository("").join(&linked).exists(),
                "{}: {target}",
                page.display()
            );
            if !anchor.is_empty() {
                let anchors = anchors(&text(&linked));
                assert!(anchors.contains(anchor), "{}: {target}", page.display());
            }
        }
    }
    assert!(links > 30, "{links}");
}

/// Returns the words of all sources, and the paths of all files, relative to the repository.
fn sources() -> (BTreeSet<String>, Vec<PathBuf>) {
    let root = repository("");
    let mut words = BTreeSet::new();
    let mut paths = Vec::new();
    let places = [
        "src",
        "crates",
        "xtask",
        "tests",
        "benches",
        "examples",
        "models",
        "docs",
        "Cargo.toml",
        ".ci",
    ];
    for entry in places
        .iter()
        .flat_map(|place| WalkDir::new(root.join(place)))
    {
        let path = entry.unwrap().into_path();
        let is_source = path
            .extension()
            .is_some_and(|extension| extension == "rs" || extension == "toml");
        if is_source {
            let text = std::fs::read_to_string(&path).unwrap();
            let found = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            words.extend(found.map(str::to_owned));
        }
        paths.push(path.strip_prefix(&root).unwrap().to_owned());
    }
    (words, paths)
}

/// A page once named functions that no longer existed.
#[test]
fn names_in_the_pages_for_developers_are_those_of_the_code() {
    let (words, paths) = sources();
    let stems: BTreeSet<_> = paths
        .iter()
        .filter_map(|path| path.file_stem()?.to_str())
        .collect();
    let mut names = 0;
    for page in ["docs/ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let prose = prose(&text(Path::new(page)));
        for name in prose.split('`').skip(1).step_by(2) {
            let is_code = |c: char| c.is_ascii_alphanumeric() || "_/:.!-*".contains(c);
            if !name.chars().all(is_code)
                || name.starts_with('-')
                || name.starts_with("FACEMATCH_")
                || name.ends_with(".h")
            {
                continue;
            }
            names += 1;
            let is_there = if name.contains('/') || name.contains('.') {
                let path = Path::new(name.trim_end_matches('/'));
                paths.iter().any(|there| there.ends_with(path)) || repository(name).exists()
            } else {
                let last = name.rsplit("::").next().unwrap().trim_end_matches('!');
                words.contains(last) || stems.contains(last) || last == "facematch"
            };
            assert!(is_there, "{page}: `{name}` is not in the code");
        }
    }
    assert!(names > 60, "{names}");
}

/// rustfmt wraps code, and neither comments nor Markdown.
#[test]
fn lines_of_text_have_at_most_100_characters() {
    let is_long = |line: &&str| line.chars().count() > 100;
    let (_, paths) = sources();
    for path in paths
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
    {
        let text = text(path);
        let mut comments = text
            .lines()
            .filter(|line| line.trim_start().starts_with("//"));
        assert_eq!(comments.find(is_long), None, "{}", path.display());
    }
    for page in pages()
        .iter()
        .filter(|page| !page.ends_with("CHANGELOG.md"))
    {
        let prose = prose(&text(page));
        let mut lines = prose
            .lines()
            .filter(|line| !line.starts_with(['|', '#', ' ']));
        assert_eq!(lines.find(is_long), None, "{}", page.display());
    }
}
