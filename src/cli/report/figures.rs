//! Functions that the reports of `facematch eval` share.

use super::rounded;

/// Name and version of the JSON format, which docs/facematch-eval-1.schema.json describes.
pub(super) const SCHEMA: &str = "facematch-eval/1";

/// Formats a share from 0 to 1 as a percentage.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.2} %", share * 100.0))
}

/// Rounds to six decimals, enough for a million pairs.
pub(super) fn six_decimals(number: f64) -> f64 {
    rounded(number, 6)
}
