//! Files that are not searched, in words. In come their numbers by extension, out come parts of messages.

use std::collections::BTreeMap;

use facematch::batch::{OWN_PICTURES, is_foreign_extension};

use super::progress::grouped;

/// What was skipped where no photo is left, for the end of a message.
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

/// "skipped 3 files in unsupported formats: 2 .heic, 1 .nef", and "skipped 1 photo that is not named like one: 1 .bak".
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

/// "2 .heic, 1 .nef".
pub(super) fn by_extension(skipped: &BTreeMap<String, usize>) -> String {
    let kinds = skipped
        .iter()
        .map(|(extension, count)| format!("{} .{extension}", grouped(*count)));
    kinds.collect::<Vec<_>>().join(", ")
}
