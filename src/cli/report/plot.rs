//! Plot of the figures of `facematch eval pairs`: the ROC, and the distances of same and different
//! pairs. Input: scored pairs and the threshold in use, of one encoder or several. Output: SVG.

use facematch::matching::DistanceThreshold;
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::cli::evaluation::{RocPoint, ScoredPair, roc};

/// Width and height of each of the charts, in pixels.
const SIZE: (u32, u32) = (560, 480);
/// Smallest false accept rate that is drawn.
const SMALLEST_FAR: f64 = 1e-4;
/// Width of a bar of the histogram, and the largest distance that has a bar of its own.
const BAR: f32 = 0.02;
const LARGEST_DISTANCE: f32 = 1.6;
const BARS: usize = 80;

// Colours of Okabe and Ito, which colour-blind people can distinguish.
const SAME: RGBColor = RGBColor(0, 114, 178);
const DIFFERENT: RGBColor = RGBColor(213, 94, 0);
const CURVES: [RGBColor; 2] = [SAME, RGBColor(0, 158, 115)];

/// The pairs of one encoder.
#[derive(Clone, Copy)]
pub(crate) struct Curve<'a> {
    pub(crate) encoder: &'a str,
    pub(crate) pairs: &'a [ScoredPair],
    pub(crate) threshold: DistanceThreshold,
}

type Drawing<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Problem<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

/// Title of a plot, by which `-o` recognises it.
pub(crate) const PLOT_TITLE: &str = "<title>facematch eval pairs</title>";

/// Draws the ROC of each of `curves` into one chart, and a histogram of the distances of each, as
/// SVG. Pairs without a distance are left out.
///
/// # Errors
/// The error of the drawing library.
pub(crate) fn verification_plot(curves: &[Curve<'_>]) -> Result<String, String> {
    let mut svg = String::new();
    draw(&mut svg, curves).map_err(|error| error.to_string())?;
    if let Some(head) = svg.find('>') {
        svg.insert_str(head + 1, &format!("\n{PLOT_TITLE}"));
    }
    Ok(svg)
}

fn draw<'a>(svg: &'a mut String, curves: &[Curve<'_>]) -> Result<(), Problem<'a>> {
    let charts = 1 + curves.len();
    let width = SIZE.0 * u32::try_from(charts).unwrap_or(1);
    let root = SVGBackend::with_string(svg, (width, SIZE.1)).into_drawing_area();
    root.fill(&WHITE)?;
    if let [roc, histograms @ ..] = &root.split_evenly((1, charts))[..] {
        draw_roc(roc, curves)?;
        for (area, curve) in histograms.iter().zip(curves) {
            let caption = match curves {
                [_] => "Distances".to_owned(),
                _ => format!("Distances, {}", curve.encoder),
            };
            draw_histogram(area, &caption, curve.pairs, curve.threshold)?;
        }
    }
    root.present()
}

fn draw_roc<'a>(area: &Drawing<'a>, curves: &[Curve<'_>]) -> Result<(), Problem<'a>> {
    let rocs: Vec<_> = curves.iter().map(|curve| roc(curve.pairs)).collect();
    let lowest = |curve: &Vec<RocPoint>| {
        let first = (curve.iter()).find(|point| point.false_accepts >= SMALLEST_FAR);
        first.map_or(0.0, |point| point.true_accepts)
    };
    let lowest = rocs.iter().map(lowest).fold(1.0, f64::min);
    // Shows only the part of the curve that varies, in steps of 0.1.
    let floor = ((lowest * 10.0).floor() / 10.0 - 0.1).max(0.0);
    let mut chart = ChartBuilder::on(area)
        .caption("ROC", ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(48)
        .y_label_area_size(56)
        .build_cartesian_2d((SMALLEST_FAR..1.0).log_scale(), floor..1.0)?;
    chart
        .configure_mesh()
        .x_desc("false accept rate (FAR)")
        .y_desc("true accept rate (TAR)")
        .x_label_formatter(&|far| format!("{far:e}"))
        .light_line_style(WHITE)
        .draw()?;
    let place = |point: &RocPoint| {
        let false_accepts = point.false_accepts.max(SMALLEST_FAR);
        (false_accepts, point.true_accepts.max(floor))
    };
    for ((roc, curve), color) in rocs.iter().zip(curves).zip(CURVES.into_iter().cycle()) {
        let line = LineSeries::new(roc.iter().map(place), color.stroke_width(2));
        chart
            .draw_series(line)?
            .label(curve.encoder)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 12, y)], color));
        let is_accepted = |point: &&RocPoint| curve.threshold.accepts(point.threshold);
        if let Some(point) = roc.iter().rev().find(is_accepted) {
            let place = place(point);
            chart.draw_series([Circle::new(place, 4, DIFFERENT.filled())])?;
            let label = format!("threshold {}", curve.threshold.value());
            let style = ("sans-serif", 14).into_font();
            chart.draw_series([EmptyElement::at(place) + Text::new(label, (8, 6), style)])?;
        }
    }
    match curves {
        [_] => Ok(()),
        _ => chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE)
            .border_style(BLACK)
            .draw(),
    }
}

fn draw_histogram<'a>(
    area: &Drawing<'a>,
    caption: &str,
    pairs: &[ScoredPair],
    threshold: DistanceThreshold,
) -> Result<(), Problem<'a>> {
    let [same, different] = [true, false].map(|same| shares(pairs, same));
    let highest = same.iter().chain(&different).copied().fold(0.01, f64::max);
    let mut chart = ChartBuilder::on(area)
        .caption(caption, ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(48)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..LARGEST_DISTANCE, 0.0..highest * 1.05)?;
    chart
        .configure_mesh()
        .x_desc("distance")
        .y_desc("share of the pairs")
        .light_line_style(WHITE)
        .draw()?;
    for (shares, color, label) in [(same, SAME, "same"), (different, DIFFERENT, "different")] {
        let bars = shares.into_iter().enumerate().map(|(bar, share)| {
            let left = bar as f32 * BAR;
            Rectangle::new([(left, 0.0), (left + BAR, share)], color.mix(0.5).filled())
        });
        chart
            .draw_series(bars)?
            .label(label)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color.filled()));
    }
    let at = threshold.value();
    chart
        .draw_series([PathElement::new(
            vec![(at, 0.0), (at, highest * 1.05)],
            BLACK,
        )])?
        .label(format!("threshold {at}"))
        .legend(|(x, y)| PathElement::new(vec![(x, y), (x + 12, y)], BLACK));
    chart
        .configure_series_labels()
        .background_style(WHITE)
        .border_style(BLACK)
        .draw()
}

/// Returns the share of the same or different pairs in each bar. The last bar includes all larger
/// distances.
fn shares(pairs: &[ScoredPair], same: bool) -> Vec<f64> {
    let mut counts = vec![0_usize; BARS];
    let distances = pairs
        .iter()
        .filter(|pair| pair.same == same)
        .filter_map(|pair| pair.distance);
    for distance in distances {
        counts[((distance / BAR) as usize).min(BARS - 1)] += 1;
    }
    let total = counts.iter().sum::<usize>().max(1);
    counts
        .into_iter()
        .map(|count| count as f64 / total as f64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(same: bool, distance: Option<f32>) -> ScoredPair {
        ScoredPair {
            fold: 1,
            same,
            distance,
        }
    }

    fn plot(pairs: &[ScoredPair]) -> String {
        verification_plot(&[curve("dlib", pairs)]).unwrap()
    }

    fn curve<'a>(encoder: &'a str, pairs: &'a [ScoredPair]) -> Curve<'a> {
        Curve {
            encoder,
            pairs,
            threshold: DistanceThreshold::default(),
        }
    }

    #[test]
    fn only_several_curves_have_a_legend() {
        let pairs = [pair(true, Some(0.3)), pair(false, Some(0.8))];
        let both = ["dlib", "mobilefacenet"].map(|encoder| curve(encoder, &pairs));
        let svg = verification_plot(&both).unwrap();
        for text in ["Distances, dlib", "Distances, mobilefacenet"] {
            assert!(svg.contains(text), "{text} is missing");
        }
        assert!(!plot(&pairs).contains("dlib"));
    }

    #[test]
    fn the_picture_says_what_it_shows() {
        let pairs = [
            pair(true, Some(0.3)),
            pair(true, None),
            pair(false, Some(0.8)),
            pair(false, Some(9.0)),
        ];
        let svg = plot(&pairs);
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        for text in [
            "ROC",
            "false accept rate (FAR)",
            "same",
            "different",
            "threshold 0.6",
        ] {
            assert!(svg.contains(text), "{text} is missing");
        }
    }

    #[test]
    fn lists_of_every_kind_can_be_drawn() {
        for pairs in [
            &[][..],
            &[pair(true, Some(0.0))],
            &[pair(false, None)],
            &[pair(true, Some(0.5)), pair(false, Some(0.5))],
        ] {
            let svg = plot(pairs);
            assert!(!svg.contains("NaN"), "{pairs:?}");
        }
    }

    #[test]
    fn bars_hold_the_share_of_their_kind() {
        let pairs = [
            pair(true, Some(0.021)),
            pair(true, Some(0.039)),
            pair(true, Some(1.59)),
            pair(true, Some(7.0)),
            pair(false, Some(0.5)),
        ];
        let shares = shares(&pairs, true);
        assert_eq!((shares[1], shares[BARS - 1]), (0.5, 0.5));
    }
}
