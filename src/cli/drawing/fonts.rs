//! Sources of letters: the built-in font, and the fonts of the computer for letters that it lacks.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ab_glyph::{Font, FontArc};
use walkdir::WalkDir;

/// Maximum size of a font file, in bytes. Collections for Chinese, Japanese and Korean have 30 MB.
const MOST_BYTES: u64 = 100 << 20;

/// Words in the names of font files whose letters are harder to read.
const SPECIAL_STYLES: [&str; 7] = ["bold", "black", "heavy", "italic", "light", "mono", "thin"];

/// The fonts that names are written in. Each letter is taken from the built-in font (DejaVu Sans)
/// or, if that lacks it, from a font in one of the folders. The folders are read only when they are
/// needed.
///
/// Letters are placed one after another from left to right: Arabic letters are not joined, and
/// vowel signs of Indian scripts are not reordered.
///
/// # Thread safety
/// Any number of threads may share one instance.
#[derive(Debug)]
pub(crate) struct Fonts {
    folders: Vec<PathBuf>,
    more: Mutex<MoreFonts>,
}

/// Fonts and letters read from the folders so far.
#[derive(Debug, Default)]
struct MoreFonts {
    fonts: Vec<FontArc>,
    /// Letters that no font has.
    lacking: BTreeSet<char>,
}

impl Fonts {
    /// Returns the built-in font, and all fonts below `folders` for letters that it lacks.
    pub(crate) fn new(folders: Vec<PathBuf>) -> Self {
        Self {
            folders,
            more: Mutex::default(),
        }
    }

    /// Returns the letters of all texts so far that no font has. They were drawn as boxes.
    pub(crate) fn lacking(&self) -> BTreeSet<char> {
        self.more().lacking.clone()
    }

    /// Returns the fonts that together have as many letters of `text` as possible, the built-in one
    /// first. The result is empty if the built-in font is damaged.
    pub(super) fn for_text(&self, text: &str) -> Vec<FontArc> {
        let Ok(built_in) = FontArc::try_from_slice(dejavu::sans::regular()) else {
            return Vec::new();
        };
        let missing: BTreeSet<char> = text.chars().filter(|&c| !has(&built_in, c)).collect();
        [built_in].into_iter().chain(self.having(missing)).collect()
    }

    /// Returns fonts with the letters `missing`.
    fn having(&self, mut missing: BTreeSet<char>) -> Vec<FontArc> {
        if missing.is_empty() {
            return Vec::new();
        }
        let mut more = self.more();
        missing.retain(|letter| !more.lacking.contains(letter));
        let mut chosen = Vec::new();
        for font in &more.fonts {
            take(font, &mut missing, &mut chosen);
        }
        if !missing.is_empty() {
            for file in font_files(&self.folders) {
                let Some(font) = read_font(&file) else {
                    continue;
                };
                if take(&font, &mut missing, &mut chosen) {
                    more.fonts.push(font);
                }
                if missing.is_empty() {
                    break;
                }
            }
        }
        more.lacking.extend(missing);
        chosen
    }

    fn more(&self) -> MutexGuard<'_, MoreFonts> {
        // A panicked thread leaves this state valid: fonts and letters are added one at a time.
        self.more.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds `font` to `chosen` if it has some of the letters `missing`, and removes these from
/// `missing`.
fn take(font: &FontArc, missing: &mut BTreeSet<char>, chosen: &mut Vec<FontArc>) -> bool {
    let before = missing.len();
    missing.retain(|&letter| !has(font, letter));
    let is_useful = missing.len() < before;
    if is_useful {
        chosen.push(font.clone());
    }
    is_useful
}

/// Returns whether `font` can draw `letter`, or `letter` is blank. Colour bitmap fonts have no
/// outlines.
pub(super) fn has(font: &FontArc, letter: char) -> bool {
    let is_blank = letter.is_whitespace() || letter.is_control() || is_format_character(letter);
    let id = font.glyph_id(letter);
    is_blank || (id.0 != 0 && font.outline(id).is_some())
}

/// Returns whether `letter` has no shape: a joiner, a direction mark or a variation selector.
fn is_format_character(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Returns the font files below `folders`, the most readable first.
fn font_files(folders: &[PathBuf]) -> Vec<PathBuf> {
    let files = folders.iter().flat_map(WalkDir::new).flatten();
    let is_font = |path: &Path| {
        let extension = path.extension().and_then(OsStr::to_str);
        let extension = extension.map(str::to_ascii_lowercase);
        matches!(extension.as_deref(), Some("ttf" | "otf" | "ttc" | "otc"))
    };
    let mut files: Vec<_> = files
        .filter(|entry| entry.file_type().is_file() || entry.path_is_symlink())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| is_font(path))
        .collect();
    files.sort_by_cached_key(|path| {
        let name = path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().to_ascii_lowercase();
        let styles = SPECIAL_STYLES.iter();
        let special = styles.filter(|style| name.contains(**style)).count();
        (special, name.contains("serif"), path.clone())
    });
    files
}

/// Returns the font in `file`, the first one of a collection, or `None` if it cannot be read.
fn read_font(file: &Path) -> Option<FontArc> {
    let metadata = std::fs::metadata(file).ok()?;
    if !metadata.is_file() || metadata.len() > MOST_BYTES {
        return None;
    }
    FontArc::try_from_vec(std::fs::read(file).ok()?).ok()
}

/// Returns the folders in which this system keeps fonts.
pub(crate) fn system_font_folders() -> Vec<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let below =
        |name: &str, folder: &str| variable(name).map(|base| PathBuf::from(base).join(folder));
    if cfg!(windows) {
        let folders = [
            below("WINDIR", "Fonts"),
            below("LOCALAPPDATA", "Microsoft/Windows/Fonts"),
        ];
        return folders.into_iter().flatten().collect();
    }
    if cfg!(target_os = "macos") {
        let folders = ["/System/Library/Fonts", "/Library/Fonts"].map(PathBuf::from);
        let own = below("HOME", "Library/Fonts");
        return folders.into_iter().chain(own).collect();
    }
    // XDG Base Directory Specification, and the location before it.
    let own = below("XDG_DATA_HOME", "fonts").or_else(|| below("HOME", ".local/share/fonts"));
    let shared = variable("XDG_DATA_DIRS").unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    let shared = std::env::split_paths(&shared).map(|folder| folder.join("fonts"));
    own.into_iter()
        .chain(below("HOME", ".fonts"))
        .chain(shared)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_the_built_in_font_need_no_other() {
        let fonts = Fonts::new(vec!["missing".into()]);
        assert_eq!(fonts.for_text("Zoë Łukasz Ирина Γιώργος\u{200d} ").len(), 1);
        assert!(fonts.lacking().is_empty());
    }

    #[test]
    fn letters_that_no_font_has_are_told_once_each() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.ttf"), "no font").unwrap();
        let fonts = Fonts::new(vec![folder.path().to_owned(), "missing".into()]);
        assert_eq!(fonts.for_text("山田").len(), 1);
        assert_eq!(fonts.for_text("田中 a").len(), 1);
        assert_eq!(fonts.lacking(), ['山', '田', '中'].into());
    }

    #[test]
    fn a_font_in_the_folders_gives_the_letters_it_has() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fonts");
        let fonts = Fonts::new(vec![folder]);
        let chosen = fonts.for_text("a山田");
        assert_eq!(chosen.len(), 2);
        assert!(!has(&chosen[0], '山') && has(&chosen[1], '山'));
        // A font that was read once serves every text.
        assert_eq!(fonts.for_text("田中").len(), 2);
        assert_eq!(fonts.lacking(), ['中'].into());
    }

    #[test]
    fn fonts_that_are_easy_to_read_come_first() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "b/Sans-Bold.ttc",
            "a/Sans-ThinItalic.otf",
            "b/Sans.TTF",
            "b/Serif.ttf",
            "notes.txt",
        ] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let files = font_files(&[folder.path().to_owned()]);
        let names: Vec<_> = files
            .iter()
            .map(|file| file.file_name().unwrap().to_str().unwrap())
            .collect();
        let expected = [
            "Sans.TTF",
            "Serif.ttf",
            "Sans-Bold.ttc",
            "Sans-ThinItalic.otf",
        ];
        assert_eq!(names, expected);
    }
}
