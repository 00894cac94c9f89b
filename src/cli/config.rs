//! What the arguments mean: checked, with the defaults of this machine filled in.

use std::io::{self, IsTerminal};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use facematch::Error;
use facematch::batch::{Inputs, Purpose, WalkOptions, walk};
use facematch::engine::models::ModelSource;
use facematch::engine::{self, Detector, EngineKind, EngineParams, FaceEngine, SimdLevel};
use facematch::gallery::is_gallery_file;
use facematch::image_files::working_size;
use facematch::matching::{CandidateCount, ImpostorDistances, Repetition, Rules};
use facematch::photo::{Depth, EncodeFrom, PhotoSettings};

use super::args::{
    CommonArgs, DecisionArgs, DetectorArg, EncodeFromArg, EncodingArgs, EngineArg, EngineArgs,
    FormatArg, OutputArgs, ThresholdArg, WalkArgs, When, misplaced_command, mistyped_command,
};
use super::console::Console;
use super::exit::Failure;
use super::interrupt::UnfinishedFiles;
use super::output::is_stdout;
use super::path_list::stdin_paths;
use super::skipped::{skipped_instead, skipped_photos};
use crate::cli::report::{Format, Layout, PhotoRecord, TextStyle};

/// The part of strangers that may be given a name, unless it is said otherwise.
const DEFAULT_TARGET_FPIR: f64 = 0.01;

/// The engine's parameters for finding faces, with the models' place looked up.
pub(super) fn engine_params(args: &EngineArgs) -> Result<EngineParams, Failure> {
    let kind = engine_kind(args);
    engine::check_available(kind)?;
    let models = args.models.clone().or_else(|| path_in("FACEMATCH_MODELS"));
    let models = ModelSource::for_engine(kind, models.as_deref())?;
    let mut params = EngineParams::new(models);
    params.simd =
        SimdLevel::from_environment().map_err(|error| Failure::Usage(error.to_string()))?;
    params.kind = kind;
    params.detector = match args.detector {
        DetectorArg::Auto => Detector::Auto,
        DetectorArg::Hog => Detector::Hog,
        DetectorArg::Cnn => Detector::Cnn,
    };
    params.upsample = args.upsample;
    params.landmarks.clone_from(&args.landmarks);
    Ok(params)
}

/// The path in the environment variable `name`, unless it is empty. Not by clap, which takes an empty value for a mistake
/// instead of for none.
pub(super) fn path_in(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os(name).filter(|path| !path.is_empty());
    path.map(PathBuf::from)
}

fn engine_kind(args: &EngineArgs) -> EngineKind {
    match args.engine {
        EngineArg::Native => EngineKind::Native,
        EngineArg::Dlib => EngineKind::Dlib,
    }
}

/// Whether the second detector of `--detector auto` searches the photo of `record` if the first finds nothing. True for other
/// detectors, which search every photo or refuse it.
pub(super) fn auto_asks_cnn(args: &EngineArgs, record: &PhotoRecord) -> bool {
    let size = working_size((record.width, record.height), args.width);
    args.detector != DetectorArg::Auto || engine_kind(args).auto_asks_cnn(size, args.upsample)
}

/// The engine's parameters for finding and encoding faces.
pub(super) fn encoding_params(
    args: &EngineArgs,
    encoding: &EncodingArgs,
) -> Result<EngineParams, Failure> {
    let mut params = engine_params(args)?;
    params.jitters = encoding.jitters;
    params.flip = !encoding.no_flip;
    if encoding.encode_from == EncodeFromArg::Original && params.kind != EngineKind::Native {
        return Err(Failure::Usage(
            "--encode-from original needs --engine native".to_owned(),
        ));
    }
    Ok(params)
}

/// How near strangers come to encodings of this kind.
pub(super) fn impostor_distances(params: &EngineParams) -> ImpostorDistances {
    // Jittered copies are averaged without being brought to one length.
    match params.flip && params.jitters < 2 {
        true => ImpostorDistances::flipped(),
        false => ImpostorDistances::plain(),
    }
}

/// Refuses options that have no effect together.
pub(super) fn check_decision(args: &DecisionArgs) -> Result<(), Failure> {
    match (args.threshold, args.target_fpir) {
        (ThresholdArg::Fixed(_), Some(_)) => Err(Failure::Usage(
            "--target-fpir needs --threshold auto".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// The rules of the decision for a gallery of `known_faces`.
pub(super) fn rules(
    args: &DecisionArgs,
    candidates: CandidateCount,
    impostors: &ImpostorDistances,
    known_faces: usize,
) -> Rules {
    let threshold = match args.threshold {
        ThresholdArg::Fixed(threshold) => threshold,
        ThresholdArg::Auto => {
            let target = args.target_fpir.unwrap_or(DEFAULT_TARGET_FPIR);
            impostors.threshold_for(target, known_faces)
        }
    };
    Rules {
        threshold,
        margin: args.margin,
        repetition: match args.allow_repeat {
            true => Repetition::Allowed,
            false => Repetition::Once,
        },
        candidates,
    }
}

/// How photos are searched for faces that are not encoded.
pub(super) fn photo_settings(args: &EngineArgs) -> PhotoSettings {
    PhotoSettings {
        width: args.width,
        depth: Depth::Landmarks,
        encode_from: EncodeFrom::Resized,
        try_rotations: args.try_rotations,
    }
}

/// How photos are searched for faces that are encoded.
pub(super) fn encoding_settings(args: &EngineArgs, encoding: &EncodingArgs) -> PhotoSettings {
    PhotoSettings {
        depth: Depth::Encodings,
        encode_from: match encoding.encode_from {
            EncodeFromArg::Resized => EncodeFrom::Resized,
            EncodeFromArg::Original => EncodeFrom::Original,
        },
        ..photo_settings(args)
    }
}

/// Loads the engine.
pub(super) fn load_engine(
    params: &EngineParams,
    console: &Console,
) -> Result<Box<dyn FaceEngine>, Failure> {
    let engine = engine::load(params)?;
    let level = match params.kind {
        EngineKind::Native => format!(" ({})", params.simd),
        _ => String::new(),
    };
    console.detail(format_args!(
        "engine {}{level}, detector {}, {} landmarks, models {}",
        engine.name(),
        params.detector.name(),
        engine.landmark_model().point_count(),
        params.models
    ));
    Ok(engine)
}

/// The number of workers for `inputs` photos.
pub(super) fn jobs(args: &EngineArgs, inputs: usize) -> usize {
    let wanted = args.jobs.map_or_else(
        || std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        usize::from,
    );
    wanted.min(inputs).max(1)
}

/// `jobs` engines: `engine` and forks of it.
pub(super) fn workers(engine: Box<dyn FaceEngine>, jobs: usize) -> Vec<Box<dyn FaceEngine>> {
    let mut engines: Vec<_> = (1..jobs).map(|_| engine.fork()).collect();
    engines.push(engine);
    engines
}

fn chosen_by(args: &WalkArgs) -> WalkOptions {
    let WalkArgs {
        max_depth,
        follow_links,
        hidden,
        ..
    } = *args;
    WalkOptions {
        max_depth: max_depth.map_or(usize::MAX, |depth| {
            usize::try_from(depth).unwrap_or(usize::MAX)
        }),
        follow_links,
        hidden,
        ..WalkOptions::default()
    }
}

/// How the photos of known people are chosen. They may be at any depth.
pub(super) fn known_options(follow_links: bool, hidden: bool) -> WalkOptions {
    WalkOptions {
        follow_links,
        hidden,
        purpose: Purpose::KnownPeople,
        ..WalkOptions::default()
    }
}

/// Refuses a KNOWN that is not there and looks like a mistyped command, and a command behind it.
pub(super) fn check_no_command(known: &Path, unknown: &[PathBuf]) -> Result<(), Failure> {
    let (path, advice) = if let Some(command) = mistyped_command(known) {
        (
            known,
            format!("did you mean the command `facematch {command}`?"),
        )
    } else if let Some(command) = misplaced_command(unknown) {
        let advice = format!("a command comes first: `facematch {command} ...`");
        (Path::new(command), advice)
    } else {
        return Ok(());
    };
    Err(Failure::Usage(format!(
        "{}: no such photo or folder; {advice}",
        path.display()
    )))
}

/// Refuses KNOWN when it is not there.
pub(super) fn check_known(known: &Path) -> Result<(), Failure> {
    std::fs::metadata(known).map_err(|source| Error::Read {
        path: known.to_owned(),
        source,
    })?;
    Ok(())
}

/// The photos of KNOWN, a folder or one photo.
pub(super) fn known_photos(
    known: &Path,
    options: &WalkOptions,
    console: &Console,
) -> Result<Inputs, Failure> {
    photos_below(known, options, console).map_err(|skipped| {
        let reason = format!("there are no photos in it{skipped}");
        no_known_face(known, &reason)
    })
}

/// The photos of KNOWN, a folder or one photo, in which people are tagged.
pub(super) fn tagged_photos(
    known: &Path,
    options: &WalkOptions,
    console: &Console,
) -> Result<Inputs, Failure> {
    photos_below(known, options, console).map_err(|skipped| {
        let place = known.display();
        Failure::Start(format!("nobody to enroll: no photos in {place}{skipped}"))
    })
}

/// The photos of `root`; if there are none, what was skipped, in words.
fn photos_below(root: &Path, options: &WalkOptions, console: &Console) -> Result<Inputs, String> {
    let photos = walk(&[root.to_owned()], options);
    if photos.list.is_empty() {
        return Err(skipped_instead(&photos.skipped));
    }
    for skipped in skipped_photos(&photos.skipped) {
        console.skipped(format_args!("{}: {skipped}", root.display()));
    }
    Ok(photos)
}

/// Nobody is known, for this `reason`.
pub(super) fn no_known_face(known: &Path, reason: &str) -> Failure {
    let place = known.display();
    Failure::Start(if known.is_dir() {
        let example = known.join("Ann.jpg");
        format!(
            "{place}: no known face: {reason}; put one photo per person there, such as {}",
            example.display()
        )
    } else {
        format!("{place}: no known face in this photo")
    })
}

fn is_gallery(path: &Path) -> bool {
    is_gallery_file(path).unwrap_or(false)
}

/// Refuses a gallery among the photos from which names are removed.
pub(super) fn check_no_gallery(photos: &[PathBuf]) -> Result<(), Failure> {
    match photos.iter().find(|path| is_gallery(path)) {
        None => Ok(()),
        Some(gallery) => Err(Failure::Usage(format!(
            "{}: a gallery file holds known people and is no photo; facematch enroll --remove NAME FILE removes \
             people from it",
            gallery.display()
        ))),
    }
}

/// Refuses a gallery among the photos: only KNOWN can be one.
pub(super) fn check_order(known: &Path, photos: &[PathBuf]) -> Result<(), Failure> {
    let Some(gallery) = photos.iter().find(|path| is_gallery(path)) else {
        return Ok(());
    };
    let advice = match is_gallery(known) {
        true => "facematch enroll joins several galleries",
        false => "give it first, before the photos",
    };
    Err(Failure::Usage(format!(
        "{}: a gallery file holds known people and cannot be searched; {advice}",
        gallery.display()
    )))
}

/// The photos below `paths` to search, but for those in the folders `left_out`.
pub(super) fn inputs(
    paths: &[PathBuf],
    left_out: &[PathBuf],
    common: &CommonArgs,
    console: &Console,
) -> Result<Inputs, Failure> {
    let mut options = chosen_by(&common.walk);
    let folders = left_out.iter();
    options
        .excluded
        .extend(folders.filter_map(|folder| std::fs::canonicalize(folder).ok()));
    inputs_below(paths, options, common.walk.null, console)
}

/// The photos below `paths` whose sidecars are looked at.
pub(super) fn photos_with_sidecars(
    paths: &[PathBuf],
    args: &WalkArgs,
    console: &Console,
) -> Result<Inputs, Failure> {
    inputs_below(paths, chosen_by(args), args.null, console)
}

/// The inputs below `paths`, of which one may be `-`: paths on standard input, which end with NUL where `null` says so.
fn inputs_below(
    paths: &[PathBuf],
    options: WalkOptions,
    null: bool,
    console: &Console,
) -> Result<Inputs, Failure> {
    let is_stdin = |path: &&PathBuf| path.as_os_str() == "-";
    let reads_stdin = paths.iter().any(|path| is_stdin(&path));
    if null && !reads_stdin {
        return Err(Failure::Usage(
            "-0 needs paths on standard input: give `-` as a path".to_owned(),
        ));
    }
    let mut roots: Vec<PathBuf> = paths
        .iter()
        .filter(|path| !is_stdin(path))
        .cloned()
        .collect();
    if reads_stdin {
        roots.extend(stdin_paths(null)?);
    }
    let inputs = walk(&roots, &options);
    if inputs.list.is_empty() {
        let skipped = skipped_instead(&inputs.skipped);
        let places: Vec<_> = paths
            .iter()
            .map(|path| match path {
                path if is_stdin(&path) => "standard input".to_owned(),
                path => path.display().to_string(),
            })
            .collect();
        return Err(Failure::Start(format!(
            "nothing to search: no photos in {}{skipped}",
            places.join(", ")
        )));
    }
    for skipped in skipped_photos(&inputs.skipped) {
        console.skipped(skipped);
    }
    Ok(inputs)
}

/// Refuses `--with-encodings` in forms that have no room for them.
pub(super) fn check_with_encodings(args: &OutputArgs) -> Result<(), Failure> {
    match args.format {
        FormatArg::Text | FormatArg::Csv | FormatArg::ExiftoolJson if args.with_encodings => Err(
            Failure::Usage("--with-encodings needs -f json or -f ndjson".to_owned()),
        ),
        _ => Ok(()),
    }
}

/// Refuses the options that say how faces are encoded, where none is.
pub(super) fn refuse_encoding_options(args: &EncodingArgs) -> Result<(), Failure> {
    match args.given() {
        Some(option) => Err(Failure::Usage(format!("{option} needs --with-encodings"))),
        None => Ok(()),
    }
}

/// Refuses the form that is about names to be written, of a command that writes none.
pub(super) fn check_no_exiftool_json(args: &OutputArgs) -> Result<(), Failure> {
    match args.format {
        FormatArg::ExiftoolJson => Err(Failure::Usage(
            "-f exiftool-json works only with facematch tag; write facematch tag -f exiftool-json KNOWN PHOTO..."
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// The form of the report; text is coloured where that is wanted and can be seen.
pub(super) fn format(args: &OutputArgs, layout: Layout) -> Format {
    match args.format {
        FormatArg::Json => Format::Json,
        FormatArg::Ndjson => Format::Ndjson,
        FormatArg::Csv => Format::Csv,
        FormatArg::ExiftoolJson => Format::ExiftoolJson,
        FormatArg::Text => Format::Text(TextStyle {
            colored: colored(args),
            layout,
        }),
    }
}

fn colored(args: &OutputArgs) -> bool {
    match args.color {
        When::Always => true,
        When::Never => false,
        When::Auto => {
            // https://no-color.org: any value but the empty one.
            let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
                || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
            is_stdout(args.output.as_deref()) && io::stdout().is_terminal() && !refused
        }
    }
}

/// Makes the folders for pictures, so that the run does not begin in vain.
pub(super) fn make_picture_folders(
    args: &OutputArgs,
    unfinished: &UnfinishedFiles,
) -> Result<(), Failure> {
    for folder in [&args.crops, &args.draw].into_iter().flatten() {
        create_folder(folder, unfinished)?;
    }
    Ok(())
}

/// Makes `folder` if it is not there yet.
pub(super) fn create_folder(folder: &Path, unfinished: &UnfinishedFiles) -> Result<(), Failure> {
    let created = unfinished.create_folder(folder);
    created.map_err(|error| no_folder(folder, &error))
}

/// Refuses what [`create_folder`] would, as something else has its name.
pub(super) fn check_no_file(folder: &Path) -> Result<(), Failure> {
    match std::fs::metadata(folder) {
        Ok(metadata) if !metadata.is_dir() => {
            Err(no_folder(folder, &io::ErrorKind::AlreadyExists.into()))
        }
        _ => Ok(()),
    }
}

fn no_folder(folder: &Path, error: &io::Error) -> Failure {
    let reason = match error.kind() {
        io::ErrorKind::AlreadyExists => "a file with that name already exists".to_owned(),
        _ => error.to_string(),
    };
    Failure::Start(format!(
        "{}: cannot make this folder: {reason}",
        folder.display()
    ))
}
