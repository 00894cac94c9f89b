//! `facematch eval pairs`: measures how reliably two photos of one person are distinguished from
//! photos of two people.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use facematch::batch::Input;
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
use crate::cli::report::{PairsReport, verification_plot};
use crate::cli::same_file::resolved;
use crate::cli::session::Session;

pub(crate) fn run(config: &EvalPairsConfig, console: &Console) -> Result<Exit, Failure> {
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    check_files(config)?;
    let params = engine::params(&config.engine)?;
    let pairs = read_list(&config.pairs, read_pairs)?;
    let root = config.root();
    let photos = photos(&pairs, root);
    let read = RunInputs::new(&config.engine, Some(&config.cache))
        .with_list(&config.pairs)
        .with_photos(photos.iter().map(Input::path));
    let output = Output::open(config.output.as_deref(), &read, &unfinished)?;
    let open = |path| Output::open_file(path, Written::Plot, Access::Usual, &read, &unfinished);
    let plot = config.plot.as_deref().map(open).transpose()?;

    let (engine, cache) = (&config.engine, &config.cache);
    let mut session = Session::begin(engine, cache, &read, &params, photos.len(), console)?;
    let name = session.engines[0].name();
    let encodings = central_faces(&photos, &mut session, console)?;

    let scored = score(&pairs, root, &encodings);
    let found: Vec<_> = scored
        .iter()
        .copied()
        .filter(|pair| pair.distance.is_some())
        .collect();
    let report = PairsReport {
        pairs: pairs.len(),
        unreadable: pairs.len() - scored.len(),
        verification_only: verify(&found, config.threshold),
        end_to_end: verify(&scored, config.threshold),
        engine: name,
        detector: params.detector.name(),
    };
    write_figures(output, |out| match config.format {
        FiguresFormat::Text => report.write_text(out),
        FiguresFormat::Json => report.write_json(out),
    })?;
    if let Some(plot) = plot {
        draw(&found, config.threshold, plot)?;
    }
    let faceless = encodings.values().filter(|found| found.is_none()).count();
    let failed = photos.len() - encodings.len();
    console.summary(format_args!(
        "{} in {}, {faceless} without a face, {failed} failed; {} left out",
        counted(photos.len(), "photo", "photos"),
        counted(pairs.len(), "pair", "pairs"),
        counted(report.unreadable, "pair", "pairs"),
    ));
    session.finish();
    Ok(match failed {
        0 => Exit::Done,
        _ => Exit::SomeFailed,
    })
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

fn draw(pairs: &[ScoredPair], threshold: DistanceThreshold, plot: Output) -> Result<(), Failure> {
    let svg = verification_plot(pairs, threshold)
        .map_err(|error| plot.failure(io::Error::other(error)))?;
    let mut writer = plot.writer();
    plot.written(
        writer
            .write_all(svg.as_bytes())
            .and_then(|()| writer.flush()),
    )?;
    drop(writer);
    plot.finish()
}
