//! Figures of `facematch eval pairs`, as a table or as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::figures::{SCHEMA, percent, six_decimals};
use crate::cli::evaluation::{TarAtFar, Verification};

/// Mark of a true accept rate that depends on a single pair.
const OF_ONE_PAIR: &str = "* ";

/// Figures measured on a list of pairs, with the settings used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PairsReport {
    pub(crate) encoder: &'static str,
    /// `true` if the encoder is named, because there are reports of several.
    pub(crate) is_compared: bool,
    /// Number of pairs in the list.
    pub(crate) pairs: usize,
    /// Number of pairs with a photo that cannot be read. They are left out of the figures.
    pub(crate) unreadable: usize,
    /// Figures of the pairs in which both faces were found.
    pub(crate) verification_only: Verification,
    /// Figures of all pairs. Those with a photo without a face count as rejected.
    pub(crate) end_to_end: Verification,
    pub(crate) engine: &'static str,
    pub(crate) detector: &'static str,
}

impl PairsReport {
    /// Writes the report as a table, with a note below it if figures depend on a single pair.
    ///
    /// # Errors
    /// An I/O error if `out` cannot be written.
    pub(crate) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.rows();
        for (label, [found, all]) in &rows {
            writeln!(out, "{label:<34} {found:>20} {all:>20}")?;
        }
        let mut columns = rows.iter().flat_map(|(_, columns)| columns);
        if columns.any(|text| text.starts_with(OF_ONE_PAIR)) {
            writeln!(
                out,
                "{OF_ONE_PAIR}fewer different pairs than 1 / FAR: the nearest of them alone decides"
            )?;
        }
        Ok(())
    }

    /// Returns the rows of the table: a label and the values of both columns.
    fn rows(&self) -> Vec<(String, [String; 2])> {
        let columns = [&self.verification_only, &self.end_to_end];
        let shares = |share: &dyn Fn(&Verification) -> Option<f64>| {
            columns.map(|figures| percent(share(figures)))
        };
        let threshold = self.end_to_end.at_threshold.threshold;
        let folds = self.end_to_end.folds.map_or(1, |folds| folds.folds);
        let mut rows = vec![
            (
                self.encoder_if_compared().unwrap_or_default().to_owned(),
                ["verification only", "end to end"].map(String::from),
            ),
            ("pairs (same, different)".to_owned(), columns.map(counts)),
            (
                format!(
                    "accuracy over {folds} {}",
                    if folds == 1 { "fold" } else { "folds" }
                ),
                columns.map(fold_accuracy),
            ),
            ("best accuracy".to_owned(), columns.map(best_accuracy)),
            (
                format!("accuracy at {threshold}"),
                shares(&|figures| figures.at_threshold.accuracy),
            ),
            (
                format!("FMR (different, accepted) at {threshold}"),
                shares(&|figures| figures.at_threshold.fmr),
            ),
            (
                format!("FNMR (same, rejected) at {threshold}"),
                shares(&|figures| figures.at_threshold.fnmr),
            ),
            (
                "equal error rate".to_owned(),
                shares(&|figures| figures.equal_error_rate),
            ),
        ];
        for (index, TarAtFar { far, .. }) in self.end_to_end.tar_at_far.iter().enumerate() {
            rows.push((
                format!("TAR at FAR {far}"),
                columns.map(|figures| true_accepts(figures, figures.tar_at_far[index])),
            ));
        }
        rows
    }

    fn encoder_if_compared(&self) -> Option<&'static str> {
        self.is_compared.then_some(self.encoder)
    }

    /// Writes the report as one JSON object on a line.
    ///
    /// # Errors
    /// An I/O error if `out` cannot be written.
    pub(crate) fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let json = ReportJson {
            kind: "verification",
            schema: SCHEMA,
            encoder: self.encoder_if_compared(),
            pair_count: self.pairs,
            unreadable: self.unreadable,
            threshold: six_decimals(self.verification_only.at_threshold.threshold.into()),
            engine: self.engine,
            detector: self.detector,
            verification_only: FiguresJson::new(&self.verification_only),
            end_to_end: FiguresJson::new(&self.end_to_end),
        };
        serde_json::to_writer(&mut *out, &json)?;
        writeln!(out)
    }
}

fn counts(figures: &Verification) -> String {
    let Verification {
        same, different, ..
    } = figures;
    format!("{} ({same}, {different})", same + different)
}

fn fold_accuracy(figures: &Verification) -> String {
    figures.folds.map_or_else(
        || percent(None),
        |folds| {
            let [mean, error] = [folds.mean, folds.standard_error].map(|s| percent(Some(s)));
            format!("{mean} ± {error}")
        },
    )
}

fn best_accuracy(figures: &Verification) -> String {
    figures.best.map_or_else(
        || percent(None),
        |best| format!("{} at {:.3}", percent(Some(best.accuracy)), best.threshold),
    )
}

fn true_accepts(figures: &Verification, TarAtFar { far, tar }: TarAtFar) -> String {
    let mark = match tar.is_some() && figures.hangs_on_one_pair(far) {
        true => OF_ONE_PAIR,
        false => "",
    };
    format!("{mark}{}", percent(tar))
}

#[derive(Serialize)]
struct ReportJson {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoder: Option<&'static str>,
    pair_count: usize,
    unreadable: usize,
    threshold: f64,
    engine: &'static str,
    detector: &'static str,
    verification_only: FiguresJson,
    end_to_end: FiguresJson,
}

#[derive(Serialize)]
struct FiguresJson {
    same: usize,
    different: usize,
    folds: Option<FoldsJson>,
    best: Option<BestJson>,
    accuracy: Option<f64>,
    fmr: Option<f64>,
    fnmr: Option<f64>,
    equal_error_rate: Option<f64>,
    tar_at_far: Vec<TarJson>,
}

#[derive(Serialize)]
struct FoldsJson {
    count: usize,
    accuracy: f64,
    standard_error: f64,
}

#[derive(Serialize)]
struct BestJson {
    accuracy: f64,
    threshold: f64,
}

#[derive(Serialize)]
struct TarJson {
    far: f64,
    tar: Option<f64>,
}

impl FiguresJson {
    fn new(figures: &Verification) -> Self {
        Self {
            same: figures.same,
            different: figures.different,
            folds: figures.folds.map(|folds| FoldsJson {
                count: folds.folds,
                accuracy: six_decimals(folds.mean),
                standard_error: six_decimals(folds.standard_error),
            }),
            best: figures.best.map(|best| BestJson {
                accuracy: six_decimals(best.accuracy),
                threshold: six_decimals(best.threshold.into()),
            }),
            accuracy: figures.at_threshold.accuracy.map(six_decimals),
            fmr: figures.at_threshold.fmr.map(six_decimals),
            fnmr: figures.at_threshold.fnmr.map(six_decimals),
            equal_error_rate: figures.equal_error_rate.map(six_decimals),
            tar_at_far: figures
                .tar_at_far
                .iter()
                .map(|point| TarJson {
                    far: point.far,
                    tar: point.tar.map(six_decimals),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use facematch::matching::DistanceThreshold;
    use insta::assert_snapshot;

    use super::*;
    use crate::cli::evaluation::{ScoredPair, verify};

    fn report() -> PairsReport {
        let pair = |fold, same, distance| ScoredPair {
            fold,
            same,
            distance,
        };
        let pairs = [
            pair(1, true, Some(0.3)),
            pair(1, false, Some(0.55)),
            pair(2, true, None),
            pair(2, true, Some(0.4)),
            pair(2, false, Some(0.8)),
        ];
        let found: Vec<_> = pairs
            .iter()
            .copied()
            .filter(|p| p.distance.is_some())
            .collect();
        PairsReport {
            encoder: "dlib",
            is_compared: false,
            pairs: 6,
            unreadable: 1,
            verification_only: verify(&found, DistanceThreshold::default()),
            end_to_end: verify(&pairs, DistanceThreshold::default()),
            engine: "native",
            detector: "hog",
        }
    }

    #[test]
    fn the_table_has_a_column_for_each_way_to_count() {
        let mut out = Vec::new();
        report().write_text(&mut out).unwrap();
        assert_snapshot!(String::from_utf8(out).unwrap(), @r"
                                              verification only           end to end
        pairs (same, different)                        4 (2, 2)             5 (3, 2)
        accuracy over 2 folds                 75.00 % ± 25.00 %     58.33 % ± 8.33 %
        best accuracy                         100.00 % at 0.475     80.00 % at 0.475
        accuracy at 0.6                                 75.00 %              60.00 %
        FMR (different, accepted) at 0.6                50.00 %              50.00 %
        FNMR (same, rejected) at 0.6                     0.00 %              33.33 %
        equal error rate                                 0.00 %              33.33 %
        TAR at FAR 0.01                              * 100.00 %            * 66.67 %
        TAR at FAR 0.001                             * 100.00 %            * 66.67 %
        * fewer different pairs than 1 / FAR: the nearest of them alone decides
        ");
    }

    #[test]
    fn a_true_accept_rate_that_hangs_on_one_pair_is_marked() {
        let pairs: Vec<_> = (0..100)
            .map(|index| ScoredPair {
                fold: 1,
                same: false,
                distance: Some(0.7 + index as f32 / 1000.0),
            })
            .chain([ScoredPair {
                fold: 1,
                same: true,
                distance: Some(0.5),
            }])
            .collect();
        let report = PairsReport {
            verification_only: verify(&pairs[1..], DistanceThreshold::default()),
            end_to_end: verify(&pairs, DistanceThreshold::default()),
            ..report()
        };
        let mut text = Vec::new();
        report.write_text(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        let last: Vec<_> = text.lines().rev().take(4).collect();
        assert_snapshot!(last.into_iter().rev().collect::<Vec<_>>().join("\n"), @r"
        equal error rate                                 0.00 %               0.00 %
        TAR at FAR 0.01                              * 100.00 %             100.00 %
        TAR at FAR 0.001                             * 100.00 %           * 100.00 %
        * fewer different pairs than 1 / FAR: the nearest of them alone decides
        ");
        assert!(text.contains("\naccuracy over 1 fold "), "{text}");
    }

    #[test]
    fn json_has_the_same_figures_as_shares() {
        let mut out = Vec::new();
        report().write_json(&mut out).unwrap();
        assert_snapshot!(String::from_utf8(out).unwrap(), @r#"{"type":"verification","schema":"facematch-eval/1","pair_count":6,"unreadable":1,"threshold":0.6,"engine":"native","detector":"hog","verification_only":{"same":2,"different":2,"folds":{"count":2,"accuracy":0.75,"standard_error":0.25},"best":{"accuracy":1.0,"threshold":0.475},"accuracy":0.75,"fmr":0.5,"fnmr":0.0,"equal_error_rate":0.0,"tar_at_far":[{"far":0.01,"tar":1.0},{"far":0.001,"tar":1.0}]},"end_to_end":{"same":3,"different":2,"folds":{"count":2,"accuracy":0.583333,"standard_error":0.083333},"best":{"accuracy":0.8,"threshold":0.475},"accuracy":0.6,"fmr":0.5,"fnmr":0.333333,"equal_error_rate":0.333333,"tar_at_far":[{"far":0.01,"tar":0.666667},{"far":0.001,"tar":0.666667}]}}"#);
    }

    #[test]
    fn reports_that_are_compared_name_their_encoder() {
        let report = PairsReport {
            is_compared: true,
            ..report()
        };
        let (mut text, mut json) = (Vec::new(), Vec::new());
        report.write_text(&mut text).unwrap();
        report.write_json(&mut json).unwrap();
        assert!(text.starts_with(b"dlib  "));
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["encoder"], "dlib");
    }

    #[test]
    fn what_cannot_be_told_is_a_dash_or_null() {
        let pairs = [ScoredPair {
            fold: 1,
            same: true,
            distance: Some(0.5),
        }];
        let figures = verify(&pairs, DistanceThreshold::default());
        let report = PairsReport {
            verification_only: figures.clone(),
            end_to_end: figures,
            ..report()
        };
        let (mut text, mut json) = (Vec::new(), Vec::new());
        report.write_text(&mut text).unwrap();
        report.write_json(&mut json).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(
            text.lines()
                .any(|l| l.starts_with("TAR") && l.ends_with('-')),
            "{text}"
        );
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert!(!text.contains(OF_ONE_PAIR), "{text}");
        assert!(json["end_to_end"]["folds"].is_null());
        assert!(json["end_to_end"]["fmr"].is_null());
    }
}
