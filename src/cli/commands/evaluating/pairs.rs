//! `facematch eval pairs`: measures how reliably two photos of one person are distinguished from
//! photos of two people.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use facematch::batch::Input;
use facematch::engine::EngineParams;
use facematch::matching::DistanceThreshold;

use super::{Encodings, central_faces, read_list, write_figures};
use crate::cli::commands::words::counted;
use crate::cli::config::{EvalPairsConfig, FiguresFormat};
use crate::cli::console::Console;
use crate::cli::engine;
use crate::cli::evaluation::{Pair, ScoredPair, read_pairs, verify};
use crate::cli::exit::{Exit, Failure};
use crate::cli::guard::{RunInputs, Written};
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::{Access, Output};
use crate::cli::report::{Curve, PairsReport, verification_plot};
use crate::cli::same_file::resolved;
use crate::cli::session::Session;

/// Figures of one encoder.
struct Measured {
    report: PairsReport,
    /// Pairs in which both faces were found.
    found: Vec<ScoredPair>,
    threshold: DistanceThreshold,
}

pub(crate) fn run(config: &EvalPairsConfig, console: &Console) -> Result<Exit, Failure> {
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    check_files(config)?;
    let pairs = read_list(&config.pairs, read_pairs)?;
    let photos = photos(&pairs, config.root());
    let read = RunInputs::new(&config.engine, Some(&config.cache))
        .with_list(&config.pairs)
        .with_photos(photos.iter().map(Input::path));
    let output = Output::open(config.output.as_deref(), &read, &unfinished)?;
    let open = |path| Output::open_file(path, Written::Plot, Access::Usual, &read, &unfinished);
    let plot = config.plot.as_deref().map(open).transpose()?;

    let mut readable = photos.clone();
    let mut measured = Vec::new();
    let mut faceless = 0;
    for &encoder in &config.encoders {
        let engine = config.engine.with_encoder(encoder);
        let params = engine::params(&engine)?;
        let count = readable.len();
        let mut session = Session::begin(
            &engine,
            &config.cache,
            &read,
            &params,
            count,
            console,
            &unfinished,
        )?;
        let encodings = central_faces(&readable, &mut session, console)?;
        // The next encoder need not report the errors of the same photos again.
        readable.retain(|photo| encodings.contains_key(photo.path()));
        faceless = encodings.values().filter(|found| found.is_none()).count();
        measured.push(measure(config, &pairs, &encodings, &params));
        session.finish();
    }
    write_figures(output, |out| {
        (measured.iter()).try_for_each(|Measured { report, .. }| match config.format {
            FiguresFormat::Text => report.write_text(out),
            FiguresFormat::Json => report.write_json(out),
        })
    })?;
    if let Some(plot) = plot {
        draw(&measured, plot)?;
    }
    let failed = photos.len() - readable.len();
    let left_out = measured.first().map_or(0, |first| first.report.unreadable);
    console.summary(format_args!(
        "{} in {}, {faceless} without a face, {failed} failed; {} left out",
        counted(photos.len(), "photo", "photos"),
        counted(pairs.len(), "pair", "pairs"),
        counted(left_out, "pair", "pairs"),
    ));
    Ok(match failed {
        0 => Exit::Done,
        _ => Exit::SomeFailed,
    })
}

/// Returns the figures of the encoder of `params`.
fn measure(
    config: &EvalPairsConfig,
    pairs: &[Pair],
    encodings: &Encodings,
    params: &EngineParams,
) -> Measured {
    let threshold = config.threshold_for(params.encoder);
    let scored = score(pairs, config.root(), encodings);
    let is_found = |pair: &&ScoredPair| pair.distance.is_some();
    let found: Vec<_> = scored.iter().filter(is_found).copied().collect();
    Measured {
        report: PairsReport {
            encoder: params.encoder.name(),
            is_compared: config.encoders.len() > 1,
            pairs: pairs.len(),
            unreadable: pairs.len() - scored.len(),
            verification_only: verify(&found, threshold),
            end_to_end: verify(&scored, threshold),
            engine: params.kind.name(),
            detector: params.detector.name(),
        },
        found,
        threshold,
    }
}

/// Refuses the same file for the figures and the plot, which would overwrite the figures.
fn check_files(config: &EvalPairsConfig) -> Result<(), Failure> {
    match (&config.output, &config.plot) {
        (Some(output), Some(plot)) if resolved(output) == resolved(plot) => Err(Failure::Usage(
            format!("{}: --output and --plot need a file each", plot.display()),
        )),
        _ => Ok(()),
    }
}

/// Returns each photo of `pairs` once, in the order of their paths.
fn photos(pairs: &[Pair], root: &Path) -> Vec<Input> {
    let paths: BTreeSet<PathBuf> = pairs
        .iter()
        .flat_map(|pair| [&pair.a, &pair.b])
        .map(|photo| root.join(photo))
        .collect();
    paths.into_iter().map(Input::photo).collect()
}

/// Returns the pairs of which both photos could be read.
fn score(pairs: &[Pair], root: &Path, encodings: &Encodings) -> Vec<ScoredPair> {
    let encoding = |photo: &Path| encodings.get(&root.join(photo));
    pairs
        .iter()
        .filter_map(|pair| {
            let (a, b) = (encoding(&pair.a)?, encoding(&pair.b)?);
            let distance = match (a, b) {
                (Some(a), Some(b)) => Some(a.distance(b)),
                _ => None,
            };
            Some(ScoredPair {
                fold: pair.fold,
                same: pair.same,
                distance,
            })
        })
        .collect()
}

fn draw(measured: &[Measured], plot: Output) -> Result<(), Failure> {
    let curves: Vec<_> = (measured.iter())
        .map(|measured| Curve {
            encoder: measured.report.encoder,
            pairs: &measured.found,
            threshold: measured.threshold,
        })
        .collect();
    let svg = verification_plot(&curves).map_err(|error| plot.failure(io::Error::other(error)))?;
    let mut writer = plot.writer();
    plot.written(
        writer
            .write_all(svg.as_bytes())
            .and_then(|()| writer.flush()),
    )?;
    drop(writer);
    plot.finish()
}
