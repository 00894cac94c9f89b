//! Summaries of runs in words.

use std::collections::BTreeMap;

use crate::cli::report::{self, MatchingSummary, Summary};
use crate::cli::skipped::by_extension;

/// Number of known people from which the summary always says how many strangers would get a name.
const MANY_PEOPLE: usize = 10;

/// With fewer people, the summary says it only if more than 1 in this number of strangers would get
/// a name.
const FEW_STRANGERS: f64 = 100.0;

/// Fraction of strangers with a name from which a stricter threshold is recommended.
const WORTH_ADVICE: f64 = 0.02;

/// Returns the summary as a sentence: "3 photos, 2 faces: 1 known, 1 unknown (2 people known,
/// threshold 0.6); 1 failed; skipped 2 .heic".
pub(super) fn in_words(summary: &Summary) -> String {
    let mut words = format!(
        "{}, {}",
        counted(summary.images, "photo", "photos"),
        counted(summary.faces, "face", "faces")
    );
    if let Some(matching) = &summary.matching {
        let ambiguous = match matching.ambiguous {
            0 => String::new(),
            count => format!("{count} ambiguous, "),
        };
        let not_compared = match matching.not_compared {
            0 => String::new(),
            count => format!(", {count} of them not compared"),
        };
        words += &format!(
            ": {} known, {ambiguous}{} unknown{not_compared} ({} known, threshold {})",
            matching.matched,
            matching.unknown,
            counted(matching.known_people, "person", "people"),
            rounded_threshold(matching.threshold),
        );
    }
    if summary.errors > 0 {
        words += &format!("; {} failed", summary.errors);
    }
    words + &skipped_in_words(&summary.skipped)
}

/// Returns the part of a summary about skipped files, or an empty string: "; skipped 2 .heic, 1
/// .nef".
pub(super) fn skipped_in_words(skipped: &BTreeMap<String, usize>) -> String {
    match skipped.is_empty() {
        true => String::new(),
        false => format!("; skipped {}", by_extension(skipped)),
    }
}

/// Rounds a threshold to 4 decimal places, because a computed one has more digits than a reader
/// needs.
fn rounded_threshold(threshold: f32) -> f64 {
    (f64::from(threshold) * 1e4).round() / 1e4
}

/// Returns the effect of the threshold on strangers: "about 1 in 79 strangers would get a name at
/// this threshold". Returns `None` if few people are known and hardly any stranger would get a
/// name.
pub(super) fn strangers_in_words(matching: &MatchingSummary) -> Option<String> {
    let named = matching.strangers_named;
    let one_in = (1.0 / named).round();
    if matching.known_people < MANY_PEOPLE && one_in >= FEW_STRANGERS {
        return None;
    }
    let strangers = report::strangers_in_words(named);
    let about = match strangers.starts_with('1') {
        true => "about ",
        false => "",
    };
    let advice = match matching.stricter {
        Some(option) if named > WORTH_ADVICE => format!("; try {option}"),
        _ => String::new(),
    };
    Some(format!(
        "{about}{strangers} would get a name at this threshold{advice}"
    ))
}

/// Returns `count` with a singular or plural noun: "1 photo", "2 photos".
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_told_by_what_it_means_for_strangers() {
        let message = |known_people, strangers_named, stricter| {
            strangers_in_words(&MatchingSummary {
                matched: 0,
                ambiguous: 0,
                unknown: 0,
                not_compared: 0,
                known_people,
                threshold: 0.6,
                stricter: Some(stricter),
                strangers_named,
            })
        };
        let words_for = |known_people, strangers_named| {
            message(known_people, strangers_named, "--threshold auto")
        };
        let words =
            |strangers: &str| Some(format!("{strangers} would get a name at this threshold"));
        assert_eq!(words_for(2, 0.01266), words("about 1 in 79 strangers"));
        // The rates of --threshold auto, apart from the last digits.
        assert_eq!(words_for(2, 0.010_000_01), None);
        assert_eq!(words_for(9, 0.009), None);
        assert_eq!(
            words_for(10, 0.010_000_01),
            words("about 1 in 100 strangers")
        );
        assert_eq!(
            words_for(10, 1.0 / 1200.0),
            words("about 1 in 1,200 strangers")
        );
        for rare in [0.0, 1e-9] {
            assert_eq!(
                words_for(10, rare),
                words("fewer than 1 in 1,000,000 strangers")
            );
        }
        let advised = |strangers| words(strangers).map(|words| words + "; try --threshold auto");
        assert_eq!(words_for(240, 0.52), advised("about 1 in 2 strangers"));
        assert_eq!(words_for(10_000, 0.7), advised("most strangers"));
    }

    #[test]
    fn the_summary_reads_as_a_sentence() {
        let mut summary = Summary {
            images: 1,
            faces: 2,
            matching: None,
            errors: 0,
            skipped: BTreeMap::new(),
            engine: "fake",
            detector: "hog",
        };
        assert_eq!(in_words(&summary), "1 photo, 2 faces");
        summary.errors = 3;
        summary.matching = Some(MatchingSummary {
            matched: 1,
            ambiguous: 0,
            unknown: 1,
            not_compared: 0,
            known_people: 1,
            threshold: 0.6,
            stricter: None,
            strangers_named: 0.005,
        });
        assert_eq!(
            in_words(&summary),
            "1 photo, 2 faces: 1 known, 1 unknown (1 person known, threshold 0.6); 3 failed"
        );
        if let Some(matching) = &mut summary.matching {
            matching.ambiguous = 2;
            matching.threshold = 0.495_871;
            matching.unknown = 1_800;
            matching.not_compared = 1_200;
        }
        assert_eq!(
            in_words(&summary),
            "1 photo, 2 faces: 1 known, 2 ambiguous, 1800 unknown, 1200 of them not compared (1 person known, threshold 0.4959); 3 failed"
        );
        summary.matching = None;
        summary.skipped = BTreeMap::from([("heic".to_owned(), 1_200), ("nef".to_owned(), 1)]);
        assert_eq!(
            in_words(&summary),
            "1 photo, 2 faces; 3 failed; skipped 1,200 .heic, 1 .nef"
        );
    }
}
