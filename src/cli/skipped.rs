//! Describes skipped files in messages.

use std::collections::BTreeMap;

use facematch::batch::{OWN_PICTURES, is_foreign_extension};

use super::progress::grouped;

/// Maximum number of extensions listed, because in some folders every file has its own.
const MOST_EXTENSIONS: usize = 10;

/// Returns the end of a message that no photo is left, listing the skipped files.
pub(super) fn skipped_instead(skipped: &BTreeMap<String, usize>) -> String {
    let pictures: usize = OWN_PICTURES
        .iter()
        .filter_map(|kind| skipped.get(*kind))
        .sum();
    let pictures = match pictures {
        0 => None,
        1 => Some("skipped 1 picture that facematch drew".to_owned()),
        count => Some(format!("skipped {count} pictures that facematch drew")),
    };
    let reasons: Vec<_> = skipped_photos(skipped)
        .into_iter()
        .chain(pictures)
        .collect();
    match reasons.is_empty() {
        true => String::new(),
        false => format!(" ({})", reasons.join("; ")),
    }
}

/// Returns sentences such as "skipped 3 files in unsupported formats: 2 .heic, 1 .nef" and "skipped
/// 1 photo that is not named like one: 1 .bak".
pub(super) fn skipped_photos(skipped: &BTreeMap<String, usize>) -> Vec<String> {
    let mut photos = skipped.clone();
    photos.retain(|kind, _| !OWN_PICTURES.contains(&kind.as_str()));
    let (unsupported, unusual): (BTreeMap<_, _>, BTreeMap<_, _>) = photos
        .into_iter()
        .partition(|(kind, _)| is_foreign_extension(kind));
    let formats = match unsupported.len() {
        1 => "an unsupported format",
        _ => "unsupported formats",
    };
    let unsupported = match unsupported.values().sum() {
        0 => None,
        1 => Some(("1 file in an unsupported format".to_owned(), unsupported)),
        count => Some((
            format!("{} files in {formats}", grouped(count)),
            unsupported,
        )),
    };
    let unusual = match unusual.values().sum() {
        0 => None,
        1 => Some(("1 photo that is not named like one".to_owned(), unusual)),
        count => Some((
            format!("{} photos that are not named like photos", grouped(count)),
            unusual,
        )),
    };
    unsupported
        .into_iter()
        .chain(unusual)
        .map(|(files, skipped)| format!("skipped {files}: {}", by_extension(&skipped)))
        .collect()
}

/// Returns a list such as "2 .heic, 1 .nef".
pub(super) fn by_extension(skipped: &BTreeMap<String, usize>) -> String {
    let mut kinds: Vec<_> = skipped.iter().collect();
    if kinds.len() > MOST_EXTENSIONS {
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    }
    let listed = kinds.iter().take(MOST_EXTENSIONS);
    let mut listed: Vec<_> = listed
        .map(|(extension, count)| format!("{} .{extension}", grouped(**count)))
        .collect();
    let others = kinds.iter().skip(MOST_EXTENSIONS);
    let others: usize = others.map(|(_, count)| **count).sum();
    if others > 0 {
        listed.push(format!("{} with other extensions", grouped(others)));
    }
    listed.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_stays_short_whatever_the_extensions() {
        let few = BTreeMap::from([("heic".to_owned(), 1_200), ("avif".to_owned(), 3)]);
        assert_eq!(by_extension(&few), "3 .avif, 1,200 .heic");
        let mut many: BTreeMap<_, _> = (0..300).map(|n| (format!("{n:03}"), 1)).collect();
        many.insert("heic".to_owned(), 7);
        let line = by_extension(&many);
        assert!(line.starts_with("7 .heic, 1 .000, "), "{line}");
        assert!(line.ends_with(", 291 with other extensions"), "{line}");
    }
}
