//! Names of people's folders. Input: all known names. Output: a folder name for each that every
//! file system accepts and that does not lead to another folder.

use std::collections::{HashMap, HashSet};

/// Maximum length of a folder name in bytes. File systems accept 255, which leaves room for a
/// number.
const MOST_BYTES: usize = 200;

/// Names of people's folders.
#[derive(Debug, Default)]
pub(crate) struct PersonFolders(HashMap<String, String>);

impl PersonFolders {
    /// Returns the folders of the people `names`, the same in every run with the same people. No
    /// two people share a folder, even if the file system does not distinguish `ann` from `Ann`:
    /// the later name in sorted order gets a number. No folder is named like one of `reserved`.
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a str>, reserved: &[String]) -> Self {
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names.dedup();
        // People with a safe name keep it, regardless of the other names.
        let (safe, others): (Vec<_>, Vec<_>) =
            names.into_iter().partition(|name| safe_name(name) == *name);
        let mut taken: HashSet<_> = reserved.iter().map(|name| name.to_lowercase()).collect();
        let mut folders = HashMap::new();
        for name in safe.into_iter().chain(others) {
            let folder = free_name(&safe_name(name), &taken);
            taken.insert(folder.to_lowercase());
            folders.insert(name.to_owned(), folder);
        }
        Self(folders)
    }

    /// Returns the folder of `name`.
    pub(crate) fn of_person(&self, name: &str) -> String {
        self.0.get(name).cloned().unwrap_or_else(|| safe_name(name))
    }
}

/// Returns `name` or, if it is in `taken`, `name` with the first free number. `taken` is in lower
/// case.
fn free_name(name: &str, taken: &HashSet<String>) -> String {
    let numbered = |number: u32| match number {
        1 => name.to_owned(),
        number => format!("{name} ({number})"),
    };
    let mut names = (1..).map(numbered);
    names
        .find(|name| !taken.contains(&name.to_lowercase()))
        .unwrap_or_else(|| name.to_owned())
}

/// Converts `name` to a folder name that Linux, macOS and Windows accept. Other characters become
/// `_`.
fn safe_name(name: &str) -> String {
    let sanitized = sanitize(name);
    let cut: String = sanitized
        .char_indices()
        .take_while(|(at, c)| at + c.len_utf8() <= MOST_BYTES)
        .map(|(_, c)| c)
        .collect();
    // The cut may have left an end that is not allowed.
    sanitize(cut.trim())
}

/// Device names of Windows, also with an extension.
const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];

/// Replaces by `_` what Windows, Linux or macOS does not accept in a name.
fn sanitize(name: &str) -> String {
    let is_refused = |c: char| r#"/?<>\:*|""#.contains(c) || c.is_control();
    let name = name.replace(is_refused, "_");
    let stem = name
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_port = |digit: &str| digit.len() == 1 && digit.chars().all(|c| c.is_ascii_digit());
    let port = stem
        .strip_prefix("com")
        .or_else(|| stem.strip_prefix("lpt"));
    let is_device = DEVICES.contains(&stem.as_str()) || port.is_some_and(is_port);
    let kept = name.trim_end_matches(['.', ' ']);
    match kept {
        "" => "_".to_owned(),
        _ if is_device => "_".to_owned(),
        _ if kept == name => name,
        _ => format!("{kept}_"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_are_no_folders_become_some() {
        for (name, folder) in [
            ("Eileen Collins", "Eileen Collins"),
            ("Zoë 🙂", "Zoë 🙂"),
            ("../../etc", ".._.._etc"),
            ("..", "_"),
            (".", "_"),
            ("", "_"),
            (" ", "_"),
            ("a/b\\c:d", "a_b_c_d"),
            ("nul\0", "nul_"),
            ("NUL", "_"),
            ("com1.jpg", "_"),
            ("Ann. ", "Ann_"),
            ("\n\t", "__"),
        ] {
            assert_eq!(safe_name(name), folder, "{name:?}");
        }
        assert_eq!(safe_name(&"é".repeat(300)).len(), MOST_BYTES);
    }

    #[test]
    fn nobody_shares_a_folder() {
        let names = ["a/b", "a_b", "A:B", "a?b", "Ann", "ann"];
        let folders = PersonFolders::of(names.into_iter(), &["ANN".to_owned()]);
        // The safe names come first, in their order, then the others.
        let found = names.map(|name| folders.of_person(name));
        assert_eq!(
            found,
            ["a_b (3)", "a_b", "A_B (2)", "a_b (4)", "Ann (2)", "ann (3)"]
        );
    }

    proptest! {
        #[test]
        fn names_are_sanitized_as_by_the_library(name in "(con|AUX|Lpt5|com10|nul)?[.]?.{0,6}[ .]?|[ab/.:?* ]{0,5}") {
            use sanitize_filename::{Options, sanitize_with_options};
            let options = Options { windows: true, truncate: false, replacement: "_" };
            let expected = match sanitize_with_options(name.replace('\u{7f}', "_"), options) {
                empty if empty.trim().is_empty() => "_".to_owned(),
                name => name,
            };
            prop_assert_eq!(sanitize(&name), expected, "{:?}", name);
        }

        #[test]
        fn folders_are_names_and_everybody_has_their_own(names in proptest::collection::hash_set(".{0,12}|[ab/.:]{1,3}", 0..20)) {
            let folders = PersonFolders::of(names.iter().map(String::as_str), &[]);
            let mut taken = HashSet::new();
            for name in &names {
                let folder = folders.of_person(name);
                let mut parts = Path::new(&folder).components();
                prop_assert!(matches!(parts.next(), Some(Component::Normal(_))), "{:?}", folder);
                prop_assert!(parts.next().is_none());
                prop_assert!(sanitize_filename::is_sanitized_with_options(
                    &folder,
                    sanitize_filename::OptionsForCheck { windows: true, truncate: true },
                ), "{:?}", folder);
                prop_assert!(taken.insert(folder.to_lowercase()), "{:?}", folder);
            }
        }
    }
}
