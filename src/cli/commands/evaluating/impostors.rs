//! `facematch eval impostors`: measures the distances between photos of different people.

use facematch::batch::Input;
use facematch::gallery::person_name;

use super::{central_faces, write_figures};
use crate::cli::commands::words::{counted, skipped_in_words};
use crate::cli::config::{EvalImpostorsConfig, known_options};
use crate::cli::console::Console;
use crate::cli::engine;
use crate::cli::evaluation::ImpostorPairs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::guard::RunInputs;
use crate::cli::inputs::{check_known, known_photos};
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::Output;
use crate::cli::session::Session;

pub(crate) fn run(config: &EvalImpostorsConfig, console: &Console) -> Result<Exit, Failure> {
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let params = engine::params(&config.engine)?;
    check_known(&config.people)?;
    let options = known_options(false, false, config.engine.pre.as_ref());
    let photos = known_photos(&config.people, &options, console)?;
    let read = RunInputs::new(&config.engine, Some(&config.cache))
        .with_known(&config.people)
        .with_photos(photos.list.iter().map(Input::path));
    let output = Output::open(config.output.as_deref(), &read, &unfinished)?;

    let (engine, cache) = (&config.engine, &config.cache);
    let mut session = Session::begin(
        engine,
        cache,
        &read,
        &params,
        photos.list.len(),
        console,
        &unfinished,
    )?;
    let encodings = central_faces(&photos.list, &mut session, console)?;

    let names: Vec<_> = encodings
        .iter()
        .filter_map(|(path, encoding)| {
            Some((person_name(&config.people, path), encoding.as_ref()?))
        })
        .collect();
    let faces: Vec<_> = names
        .iter()
        .map(|(name, encoding)| (name.as_str(), *encoding))
        .collect();
    let pairs = ImpostorPairs::of(&faces);
    let table = pairs.table();
    if table.is_empty() {
        return Err(Failure::Start(format!(
            "{}: {} of different people; at least {} such pairs are needed, for example one photo each of 8 people, \
             named as known people are",
            config.people.display(),
            counted(pairs.pairs() as usize, "pair", "pairs"),
            ImpostorPairs::LEAST,
        )));
    }
    write_figures(output, |out| {
        writeln!(out, "rate,distance")?;
        for (rate, distance) in table {
            writeln!(out, "{rate:.4e},{distance:.4}")?;
        }
        Ok(())
    })?;
    let failed = photos.list.len() - encodings.len();
    console.summary(format_args!(
        "{} of different people, {} in {}; {failed} failed{}",
        counted(pairs.pairs() as usize, "pair", "pairs"),
        counted(faces.len(), "face", "faces"),
        counted(photos.list.len(), "photo", "photos"),
        skipped_in_words(&photos.skipped),
    ));
    session.finish();
    Ok(match failed {
        0 => Exit::Done,
        _ => Exit::SomeFailed,
    })
}
