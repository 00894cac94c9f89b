//! `facematch eval impostors`: how near photos of different people are.

use facematch::batch::Input;
use facematch::evaluation::ImpostorPairs;
use facematch::gallery::person_name;

use super::{central_faces, write_figures};
use crate::cli::args::EvalImpostorsArgs;
use crate::cli::caching::Session;
use crate::cli::commands::{counted, skipped_in_words};
use crate::cli::config;
use crate::cli::console::Console;
use crate::cli::exit::{Exit, Failure};
use crate::cli::guard::RunInputs;
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::Output;

pub(crate) fn run(args: &EvalImpostorsArgs, console: &Console) -> Result<Exit, Failure> {
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    let params = config::encoding_params(&args.engine, &args.encoding)?;
    config::check_known(&args.people)?;
    let options = config::known_options(false, false);
    let photos = config::known_photos(&args.people, &options, console)?;
    let read = RunInputs::new(&args.engine, Some(&args.cache))
        .with_known(&args.people)
        .with_photos(photos.list.iter().map(Input::path));
    let output = Output::open(args.output.as_deref(), &read, &unfinished)?;

    let engine = config::load_engine(&params, console)?;
    let mut engines = config::workers(engine, config::jobs(&args.engine, photos.list.len()));
    let settings = config::encoding_settings(&args.engine, &args.encoding);
    let session = Session::begin(&args.cache, &read, &params, settings, console)?;
    let encodings = central_faces(&photos.list, &mut engines, &session.finder, console)?;

    let names: Vec<_> = encodings
        .iter()
        .filter_map(|(path, encoding)| Some((person_name(&args.people, path), encoding.as_ref()?)))
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
            args.people.display(),
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
