//! Paths on standard input, for `-`.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use facematch_image_files::{foreign_format, has_image_signature};

use super::exit::Failure;

/// Number of bytes checked before the rest is read: enough to tell a photo, or a video of several
/// gigabytes, from a list.
const START_BYTES: u64 = 64 << 10;

/// U+FEFF in UTF-8, which some editors put at the start of a text file.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Returns the paths on standard input. Each ends with NUL if `null` is true, else with a newline.
pub(super) fn stdin_paths(null: bool) -> Result<Vec<PathBuf>, Failure> {
    let mut bytes = Vec::new();
    let unreadable = |error| Failure::Start(format!("cannot read standard input: {error}"));
    let mut stdin = io::stdin().lock();
    stdin
        .by_ref()
        .take(START_BYTES)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if let Some(reason) = no_path_list(&bytes, null) {
        return Err(Failure::Usage(format!("standard input {reason}")));
    }
    stdin.read_to_end(&mut bytes).map_err(unreadable)?;
    let exists = |path: &Path| path.symlink_metadata().is_ok();
    Ok(split_paths(&bytes, if null { 0 } else { b'\n' }, exists))
}

/// Returns why input that begins with `start` is certainly not a list of paths, and what to do;
/// `None` if it may be one.
fn no_path_list(start: &[u8], null: bool) -> Option<&'static str> {
    let start = start.strip_prefix(BYTE_ORDER_MARK).unwrap_or(start);
    let has_nul = start.contains(&0);
    let is_utf_16 = start.starts_with(b"\xFF\xFE") || start.starts_with(b"\xFE\xFF");
    // A signature is not enough: a path may begin with BM, as a BMP does. Two consecutive NULs
    // would be an empty path.
    let is_binary = match null {
        true => start.first().is_some_and(|&first| first >= 0x80) || has_empty_path(start),
        false => has_nul,
    };
    if is_binary && (has_image_signature(start) || foreign_format(start).is_some()) {
        Some(
            "is a photo, not a list of paths; save it to a file and give its path instead of `-`, which reads paths",
        )
    } else if is_utf_16 {
        Some("is text in UTF-16; write the list of paths as UTF-8")
    } else if start.starts_with(b"{\"") || start.starts_with(b"[{") || start.starts_with(b"[\n{") {
        Some("is JSON, not a list of paths; extract the paths first, as jq -r .path does")
    } else if has_nul && !null {
        Some("contains NUL bytes; add -0 if its paths end with NUL, as those of find -print0 do")
    } else {
        None
    }
}

fn has_empty_path(start: &[u8]) -> bool {
    let signature = &start[..start.len().min(16)];
    signature.windows(2).any(|pair| pair == [0, 0])
}

/// Splits `bytes` into paths. For lists from Windows, removes the byte order mark before the first
/// line and the carriage return at the end of a line, unless the path with it `exists`.
fn split_paths(bytes: &[u8], separator: u8, exists: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let path = |line: &[u8]| PathBuf::from(os_string(line));
    bytes
        .split(|&b| b == separator)
        .map(|line| match line {
            [start @ .., b'\r'] if separator == b'\n' && !exists(&path(line)) => start,
            line => line,
        })
        .filter(|line| !line.is_empty())
        .map(path)
        .collect()
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_at_their_separator_only() {
        let split = |bytes, separator| split_paths(bytes, separator, |path| path == "there\r");
        let lines = split(&b"a b.jpg\n\nc\td.jpg\n"[..], b'\n');
        assert_eq!(lines, [PathBuf::from("a b.jpg"), PathBuf::from("c\td.jpg")]);
        let nul = split(b"a\nb.jpg\0c\r\0", 0);
        assert_eq!(nul, [PathBuf::from("a\nb.jpg"), PathBuf::from("c\r")]);
        let windows = split(b"\xEF\xBB\xBFa.jpg\r\nb.jpg\r\n\r\nthere\r\n", b'\n');
        let paths = ["a.jpg", "b.jpg", "there\r"].map(PathBuf::from);
        assert_eq!(windows, paths);
    }

    #[test]
    fn only_what_cannot_be_a_list_of_paths_is_refused() {
        let reason = |start: &[u8], null| no_path_list(start, null).unwrap_or_default();
        for null in [false, true] {
            for photo in [
                &b"\xFF\xD8\xFF\xE0\0\x10JFIF\0"[..],
                b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
                b"II*\0\x08\0\0\0\x0c\0",
                b"BM\x36\x10\x0e\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
                b"\0\0\0\x24ftypheic\0\0\0\0",
            ] {
                assert!(reason(photo, null).contains("a photo"), "{photo:?}");
            }
            for text in [&b"\xFF\xFEa\0.\0"[..], b"\xFE\xFF\0a\0."] {
                assert!(reason(text, null).contains("UTF-16"), "{text:?}");
            }
            assert!(reason(b"{\"type\":\"image\"}\n", null).contains("jq"));
            for list in [&b"BMW/a.jpg\n"[..], b"GIF89a/b.gif\n", b"\xFF.jpg\n", b""] {
                assert_eq!(reason(list, null), "", "{list:?}");
            }
        }
        assert!(reason(b"a.jpg\0b.jpg\0", false).contains("-0"));
        assert_eq!(reason(b"BMW/a.jpg\0b.jpg\0", true), "");
        assert!(reason(b"\x1f\x8b\x08\0\0\0\0\0", false).contains("NUL"));
    }
}
