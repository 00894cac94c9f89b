//! `facematch eval`: how well faces are told apart, on photos of which it is known who is on them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use facematch::Error;
use facematch::batch::{self, Input};
use facematch::engine::{Encoding, FaceEngine};
use facematch::evaluation::{Pair, ScoredPair, most_central_face, read_pairs, verify};
use facematch::matching::DistanceThreshold;
use facematch::photo::{Depth, Face, PhotoSettings, StageTimes, search};
use facematch::report::{PairsReport, verification_plot};

use super::super::args::{EvalFormatArg, EvalPairsArgs};
use super::super::config;
use super::super::console::Console;
use super::super::exit::{Exit, Failure};
use super::super::interrupt::UnfinishedFiles;
use super::super::output::Output;
use super::counted;

/// Largest list that is read; one of a million pairs has a tenth of it.
const MAX_LIST_BYTES: u64 = 1 << 30;

/// The face that counts in each photo that could be read: its encoding, or none where there is no face.
type Encodings = BTreeMap<PathBuf, Option<Encoding>>;

/// `facematch eval pairs`.
pub(in super::super) fn pairs(args: &EvalPairsArgs, console: &Console) -> Result<Exit, Failure> {
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let params = config::encoding_params(&args.engine, &args.encoding)?;
    let pairs = read_list(&args.pairs)?;
    let root = root(args);
    let output = Output::open(args.output.as_deref(), &unfinished)?;
    let plot = args.plot.as_deref();
    let plot = plot
        .map(|path| Output::open(Some(path), &unfinished))
        .transpose()?;

    let photos = photos(&pairs, &root);
    let settings = config::encoding_settings(&args.engine, &args.encoding);
    let engine = config::load_engine(&params, console)?;
    let name = engine.name();
    let mut engines = config::workers(engine, config::jobs(&args.engine, photos.len()));
    let encodings = encode(&photos, &mut engines, &settings, console);

    let scored = score(&pairs, &root, &encodings);
    let found: Vec<_> = scored
        .iter()
        .copied()
        .filter(|pair| pair.distance.is_some())
        .collect();
    let report = PairsReport {
        pairs: pairs.len(),
        unreadable: pairs.len() - scored.len(),
        verification_only: verify(&found, args.threshold),
        end_to_end: verify(&scored, args.threshold),
        engine: name,
        detector: params.detector.name(),
    };
    write(&report, args.format, output)?;
    if let Some(plot) = plot {
        draw(&found, args.threshold, plot)?;
    }
    let faceless = encodings.values().filter(|found| found.is_none()).count();
    let failed = photos.len() - encodings.len();
    console.summary(format_args!(
        "{} in {}, {faceless} without a face, {failed} failed; {} left out",
        counted(photos.len(), "photo", "photos"),
        counted(pairs.len(), "pair", "pairs"),
        counted(report.unreadable, "pair", "pairs"),
    ));
    Ok(match failed {
        0 => Exit::Done,
        _ => Exit::SomeFailed,
    })
}

fn read_list(path: &Path) -> Result<Vec<Pair>, Failure> {
    let unreadable = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_LIST_BYTES).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    read_pairs(&bytes).map_err(|error| Failure::Start(format!("{}: {error}", path.display())))
}

/// The folder that the list's paths begin in: `--root`, else the folder of the list.
fn root(args: &EvalPairsArgs) -> PathBuf {
    let beside = || args.pairs.parent().unwrap_or(Path::new("")).to_owned();
    args.root.clone().unwrap_or_else(beside)
}

/// Each photo of `pairs` once, in the order of their paths.
fn photos(pairs: &[Pair], root: &Path) -> Vec<Input> {
    let paths: BTreeSet<PathBuf> = pairs
        .iter()
        .flat_map(|pair| [&pair.a, &pair.b])
        .map(|photo| root.join(photo))
        .collect();
    paths.into_iter().map(Input::photo).collect()
}

/// The face of each photo that can be read. What is wrong with the others is told.
fn encode(
    photos: &[Input],
    engines: &mut [Box<dyn FaceEngine>],
    settings: &PhotoSettings,
    console: &Console,
) -> Encodings {
    let mut encodings = Encodings::new();
    let bar = console.progress("encoding", photos.len());
    let work = |engine: &mut dyn FaceEngine, path: &Path| central_face(engine, path, settings);
    batch::run(photos, engines, work, |path, result| {
        match result {
            Ok(encoding) => {
                encodings.insert(path.to_owned(), encoding);
            }
            Err(error) => bar.suspend(|| console.error(error)),
        }
        bar.inc(1);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    encodings
}

fn central_face(
    engine: &mut dyn FaceEngine,
    path: &Path,
    settings: &PhotoSettings,
) -> Result<Option<Encoding>, Error> {
    let mut times = StageTimes::default();
    let searched = search(path, settings, Depth::Encodings, engine, &mut times)?;
    let faces: Vec<Face> = searched.faces.into_iter().map(|found| found.face).collect();
    Ok(most_central_face(&faces, searched.original.size).and_then(|face| face.encoding.clone()))
}

/// The pairs of which both photos could be read.
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

fn write(report: &PairsReport, format: EvalFormatArg, output: Output) -> Result<(), Failure> {
    let mut writer = output.writer();
    let written = match format {
        EvalFormatArg::Text => report.write_text(&mut writer),
        EvalFormatArg::Json => report.write_json(&mut writer),
    };
    finish(written.and_then(|()| writer.flush()))?;
    drop(writer);
    output.finish()
}

fn draw(pairs: &[ScoredPair], threshold: DistanceThreshold, plot: Output) -> Result<(), Failure> {
    let svg = verification_plot(pairs, threshold)
        .map_err(|error| Failure::Output(io::Error::other(error)))?;
    let mut writer = plot.writer();
    finish(
        writer
            .write_all(svg.as_bytes())
            .and_then(|()| writer.flush()),
    )?;
    drop(writer);
    plot.finish()
}

/// Whoever closed the pipe has seen enough.
fn finish(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}
