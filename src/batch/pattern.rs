//! Patterns of files and folders, as `--exclude` and `--pre-glob` take them. Input: a pattern as in
//! a `.gitignore`, without `!`, in upper or lower case, as cameras write `.MOV`. Output: whether it
//! matches a path.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use globset::{GlobBuilder, GlobMatcher};

/// A pattern such as `*.mp4`, `2019/**` or `@eaDir`.
#[derive(Debug, Clone)]
pub struct PathPattern {
    text: String,
    matcher: GlobMatcher,
}

impl PathPattern {
    /// Returns whether the pattern matches the file `path`, which is `below` the folder that is
    /// searched. A pattern without a slash inside only concerns the name, at any depth. One with a
    /// slash at the start may also be the absolute path, which a shell makes of `~/Photos/private`.
    pub(crate) fn matches(&self, below: &Path, path: &Path) -> bool {
        if !self.text.contains('/') {
            let name = path.file_name();
            return name.is_some_and(|name| self.matcher.is_match(name));
        }
        let is_absolute = |path: PathBuf| {
            let from_root = path.strip_prefix("/").unwrap_or(&path);
            self.matcher.is_match(from_root)
        };
        self.matcher.is_match(below)
            || self.text.starts_with('/') && std::path::absolute(path).is_ok_and(is_absolute)
    }
}

impl PartialEq for PathPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PathPattern {}

impl FromStr for PathPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A slash at the start stands for the searched folder. One at the end, for folders, is
        // ignored: files rarely have the name of a folder.
        let inside = text.strip_suffix('/').unwrap_or(text);
        // `./` at the start means the same.
        let inside = inside
            .strip_prefix('.')
            .filter(|rest| rest.starts_with('/'))
            .unwrap_or(inside);
        let below = inside.strip_prefix('/').unwrap_or(inside);
        if matches!(below, "" | ".") {
            return Err("expected a pattern, such as '*.png'".to_owned());
        }
        let glob = GlobBuilder::new(below)
            .case_insensitive(true)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map_err(|error| error.kind().to_string())?;
        Ok(Self {
            text: inside.to_owned(),
            matcher: glob.compile_matcher(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_without_a_slash_concerns_names_and_one_with_a_slash_paths() {
        for (pattern, path, expected) in [
            ("*.mp4", "a/b.mp4", true),
            ("*.mp4", "a.mp4/b.jpg", false),
            ("*.{mp4,mov}", "a.mov", true),
            ("@eaDir", "a/@eaDir", true),
            ("@eaDir/", "a/@eaDir", true),
            ("2019/*", "2019/a.jpg", true),
            ("2019/*", "2019/05/a.jpg", false),
            ("2019/**", "2019/05/a.jpg", true),
            ("2019/*", "b/2019/a.jpg", false),
            ("**/tmp/*", "a/tmp/b.jpg", true),
            ("/tmp", "tmp", true),
            ("/tmp", "a/tmp", false),
            ("IMG_????.jpg", "a/IMG_0001.jpg", true),
            ("./tmp", "tmp", true),
            ("./tmp", "a/tmp", false),
            (".tmp", "a/.tmp", true),
            ("*.{mp4,mov}", "a/IMG_0001.MOV", true),
            ("img_*", "IMG_0001.jpg", true),
        ] {
            let matches = pattern
                .parse::<PathPattern>()
                .unwrap()
                .matches(Path::new(path), &Path::new("root").join(path));
            assert_eq!(matches, expected, "{pattern} {path}");
        }
        for wrong in ["[a", "{a,b", "a\\", "", "/", "./"] {
            assert!(wrong.parse::<PathPattern>().is_err(), "{wrong}");
        }
    }
}
