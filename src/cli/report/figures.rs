//! What the reports of `facematch eval` have in common.

use super::rounded;

/// The name of the JSON form and its version; docs/facematch-eval-1.schema.json describes it.
pub(super) const SCHEMA: &str = "facematch-eval/1";

/// A share from 0 to 1 for people.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.2} %", share * 100.0))
}

/// To six digits after the point, enough for a million pairs.
pub(super) fn six_decimals(number: f64) -> f64 {
    rounded(number, 6)
}
