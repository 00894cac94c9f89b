//! `facematch check`: finds problems with the photos of known people before they are used in a
//! search.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use facematch::Error;
use facematch::batch::{self, Input, Inputs};
use facematch::cache::FaceFinder;
use facematch::engine::{EncoderKind, FaceEngine, SimdLevel};
use facematch::gallery::{Fingerprint, is_gallery_file, person_name, read_gallery};
use facematch::matching::Rules;
use facematch::photo::{PhotoSettings, find_faces_in_bytes};

use super::evaluating::write_figures;
use super::words::counted;
use super::words::skipped_in_words;
use crate::cli::advice::Advised;
use crate::cli::checking::{AutomaticThreshold, Check, KnownPhoto, PhotoContent, check, photos_of};
use crate::cli::config::{CheckConfig, FiguresFormat};
use crate::cli::console::Console;
use crate::cli::engine;
use crate::cli::exit::{Exit, Failure};
use crate::cli::guard::RunInputs;
use crate::cli::inputs::{check_known, known_photos, no_known_face};
use crate::cli::interrupt::UnfinishedFiles;
use crate::cli::output::Output;
use crate::cli::report::{CheckReport, CheckedSource};
use crate::cli::session::preprocessed;
use crate::cli::terminal;

pub(crate) fn run(config: &CheckConfig, console: &Console) -> Result<Exit, Failure> {
    let unfinished = UnfinishedFiles::default();
    unfinished.remove_on_interrupt()?;
    check_known(&config.known)?;
    let source = match is_gallery_file(&config.known)? {
        true => CheckedSource::Gallery,
        false => CheckedSource::Photos,
    };
    if source == CheckedSource::Gallery {
        refuse_options_about_photos(config)?;
    }
    let read = RunInputs::new(&config.engine, None).with_known(&config.known);
    let open = |read: RunInputs<'_>| Output::open(config.output.as_deref(), &read, &unfinished);
    let mut skipped = BTreeMap::new();
    let (output, (photos, made)) = match source {
        CheckedSource::Gallery => (open(read)?, enrolled_photos(&config.known, console)?),
        CheckedSource::Photos => {
            let inputs = known_photos(&config.known, &config.known_options, console)?;
            let output = open(read.with_photos(inputs.list.iter().map(Input::path)))?;
            let photos = checked_photos(config, &inputs, &unfinished, console)?;
            skipped = inputs.skipped;
            (output, photos)
        }
    };
    let bar = console.progress("comparing", photos.len());
    let jobs = engine::jobs(&config.engine, photos.len());
    let tick = |faces| bar.inc(faces as u64);
    let encoder = made.encoder_kind().unwrap_or(EncoderKind::Dlib);
    let threshold = (config.threshold).unwrap_or(Rules::default_for(encoder).threshold);
    let check = check(&photos, encoder, threshold, jobs, &tick);
    bar.finish_and_clear();
    let report = CheckReport {
        known: &config.known,
        source,
        skipped: &skipped,
        check: &check,
        automatic: AutomaticThreshold::new(&photos, &made),
    };
    let paths = photos.iter().map(|photo| photo.path.as_path());
    let layout = terminal::layout(config.output.as_deref(), paths, []);
    write_figures(output, |out| match config.format {
        FiguresFormat::Text => report.write_text(layout, out),
        FiguresFormat::Json => report.write_json(out),
    })?;
    console.summary(in_words(&check) + &skipped_in_words(&skipped));
    Ok(match check.findings.is_empty() {
        true => Exit::Done,
        false => Exit::SomeFailed,
    })
}

/// Refuses options that would have no effect because the faces of a gallery file are already found
/// and encoded.
fn refuse_options_about_photos(config: &CheckConfig) -> Result<(), Failure> {
    match &config.about_photos {
        Some(option) => Err(Failure::Usage(format!(
            "{option} has no effect on a gallery file, whose faces are encoded already; leave it out, or check the \
             folder of its photos"
        ))),
        None => Ok(()),
    }
}

/// Returns the faces of a gallery file, which needs no engine, and how they were made.
fn enrolled_photos(
    file: &Path,
    console: &Console,
) -> Result<(Vec<KnownPhoto>, Fingerprint), Failure> {
    let (gallery, made) = read_gallery(file, SimdLevel::best())?;
    let refused = |reason| Failure::Start(format!("{}: {reason}", file.display()));
    if gallery.faces() == 0 {
        return Err(refused(
            "the gallery is empty; add people with facematch enroll --add",
        ));
    }
    if made.encoder_kind().is_none() {
        return Err(refused(
            "was made with a face encoder that this version does not have, so that its distances mean nothing; check \
             the folder of its photos",
        ));
    }
    console.warn(format_args!(
        "{}: a gallery file has no photos, so that photos without a face, with several faces and equal files cannot be \
         told; check their folder",
        file.display()
    ));
    Ok((photos_of(&gallery), made))
}

/// Returns the photos `inputs` with the faces in them, and how these were made.
fn checked_photos(
    config: &CheckConfig,
    inputs: &Inputs,
    unfinished: &UnfinishedFiles,
    console: &Console,
) -> Result<(Vec<KnownPhoto>, Fingerprint), Failure> {
    let settings = &config.engine.settings;
    let finder = preprocessed(FaceFinder::new(*settings), &config.engine, unfinished)?;
    let params = engine::params(&config.engine)?;
    let made = Fingerprint::of(&params, config.engine.settings.encode_from)?;
    let mut engines = engine::workers(&params, &config.engine, inputs.list.len(), console)?;
    let mut photos = Vec::new();
    let bar = console.progress("checking", inputs.list.len());
    let work = |engine: &mut dyn FaceEngine, path: &Path| content(&finder, engine, path, settings);
    let run = batch::run(&inputs.list, &mut engines, work, |path, content| {
        photos.push(KnownPhoto {
            path: path.to_owned(),
            person: person_name(&config.known, path),
            content,
        });
        bar.inc(1);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    run?;
    if photos.iter().all(|photo| photo.content.is_err()) {
        for error in photos
            .iter()
            .filter_map(|photo| photo.content.as_ref().err())
        {
            console.error(Advised(error));
        }
        let reason = "none of its photos can be read";
        return Err(no_known_face(&config.known, reason));
    }
    Ok((photos, made))
}

fn content(
    finder: &FaceFinder,
    engine: &mut dyn FaceEngine,
    path: &Path,
    settings: &PhotoSettings,
) -> Result<PhotoContent, Error> {
    let bytes = finder.content(path)?;
    let digest = *blake3::hash(&bytes).as_bytes();
    let photo = find_faces_in_bytes(path, bytes, settings, engine)?;
    Ok(PhotoContent {
        faces: photo.into_faces(),
        digest: Some(digest),
    })
}

/// Returns a summary such as "5 photos, 4 faces of 3 people: 2 findings".
fn in_words(check: &Check) -> String {
    let found = match check.findings.len() + check.unlisted_close_people {
        0 => "nothing found".to_owned(),
        count => counted(count, "finding", "findings"),
    };
    format!(
        "{}, {} of {}: {found}",
        counted(check.photos, "photo", "photos"),
        counted(check.faces, "face", "faces"),
        counted(check.people, "person", "people"),
    )
}
