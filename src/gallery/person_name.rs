//! The person that a known photo shows, according to its path. Input: paths. Output: names.

use std::ffi::OsStr;
use std::path::{Component, Path};

use facematch_image_files::photo_extensions;
use unicode_normalization::UnicodeNormalization;

/// Returns the spelling of `name` in which names are stored and compared, Unicode's Normalization
/// Form C (Unicode Standard Annex 15).
///
/// The `é` of a file name may be one character or, from a Mac, an `e` and an accent, and both are
/// the same person.
pub fn composed_name(name: &str) -> String {
    name.nfc().collect()
}

/// Returns the person that the known photo `photo` shows, from its path below `known`, a folder or
/// the photo itself:
///
/// - `known/obama.jpg`, `known/obama.1.jpg` and `known/obama.2.jpg` are `obama`;
/// - `known/Eileen Collins/2.jpg` and `known/Eileen Collins/space/3.jpg` are `Eileen Collins`.
pub fn person_name(known: &Path, photo: &Path) -> String {
    let below = photo.strip_prefix(known).unwrap_or(photo);
    let mut parts = below.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    match (parts.next(), parts.next()) {
        (Some(folder), Some(_)) if photo.starts_with(known) => readable(folder),
        _ => name_of_file(photo),
    }
}

/// Returns the file's name without its extension and without a trailing `.digits`.
fn name_of_file(photo: &Path) -> String {
    let mut stem = Path::new(photo.file_stem().unwrap_or_default());
    // wget saves the second `obama.jpg` as `obama.jpg.1`.
    let extension = stem.extension().and_then(OsStr::to_str).unwrap_or_default();
    let extension = extension.to_lowercase();
    if photo_extensions().any(|photo| photo == extension) {
        stem = Path::new(stem.file_stem().unwrap_or_default());
    }
    let stem = readable(stem.as_os_str());
    match stem.rsplit_once('.') {
        Some((name, number))
            if !name.is_empty()
                && !number.is_empty()
                && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            name.to_owned()
        }
        _ => stem,
    }
}

/// Returns a file's name as text. Bytes that are not UTF-8 become `\xe9` and the like, so that
/// different names stay different.
fn readable(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text += chunk.valid();
        for byte in chunk.invalid() {
            text += &format!("\\x{byte:02x}");
        }
    }
    composed_name(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_file_or_from_the_first_folder() {
        let known = Path::new("known");
        for (photo, name) in [
            ("known/obama.jpg", "obama"),
            ("known/obama.1.jpg", "obama"),
            ("known/obama.22.jpeg", "obama"),
            ("known/obama.1.2.jpg", "obama.1"),
            ("known/5.jpg", "5"),
            ("known/obama.jpg.1", "obama"),
            ("known/obama.JPE.2", "obama"),
            ("known/obama.2.JPG.1", "obama"),
            ("known/obama.jpg (2)", "obama"),
            ("known/obama.jpg_large", "obama"),
            ("known/J. Edgar.jpg", "J. Edgar"),
            ("known/Zoë Ångström.jpg", "Zoë Ångström"),
            (
                "known/Zoe\u{308} A\u{30a}ngstro\u{308}m.jpg",
                "Zoë Ångström",
            ),
            ("known/Eileen Collins/1.jpg", "Eileen Collins"),
            ("known/Eileen Collins/a/b/c.9.jpg", "Eileen Collins"),
            ("known/R2.2/x.jpg", "R2.2"),
        ] {
            assert_eq!(person_name(known, Path::new(photo)), name, "{photo}");
        }
    }

    #[test]
    fn the_way_to_the_known_folder_names_nobody() {
        for (known, photo, name) in [
            ("known/", "known/obama.jpg", "obama"),
            (".", "./obama.jpg", "obama"),
            ("..", "../ann/1.jpg", "ann"),
            ("/data/known", "/data/known/ann/1.jpg", "ann"),
            ("known/obama.3.jpg", "known/obama.3.jpg", "obama"),
        ] {
            assert_eq!(
                person_name(Path::new(known), Path::new(photo)),
                name,
                "{photo} below {known}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_utf_8_stay_apart() {
        use std::os::unix::ffi::OsStrExt;
        let name = |bytes| {
            let photo = Path::new("known").join(OsStr::from_bytes(bytes));
            person_name(Path::new("known"), &photo)
        };
        assert_eq!(name(b"J\xf6rg.jpg"), "J\\xf6rg");
        assert_eq!(name(b"J\xfcrg.2.jpg"), "J\\xfcrg");
        assert_eq!(name(b"J\xfcrg/1.jpg"), "J\\xfcrg");
    }
}
