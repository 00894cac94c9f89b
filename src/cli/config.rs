//! What the arguments mean: checked, with the defaults of this machine filled in.

use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use facematch::batch::{Inputs, WalkOptions, walk};
use facematch::engine::{self, Detector, EngineKind, EngineParams, FaceEngine};
use facematch::report::Format;

use super::args::{
    CommonArgs, DetectorArg, EngineArg, EngineArgs, FormatArg, OutputArgs, WalkArgs, When,
};
use super::console::Console;
use super::exit::Failure;

/// The engine's parameters, with the models' folder looked up.
pub(super) fn engine_params(args: &EngineArgs, jitters: u32) -> Result<EngineParams, Failure> {
    let kind = match args.engine {
        EngineArg::Native => EngineKind::Native,
        EngineArg::Dlib => EngineKind::Dlib,
    };
    let mut params = EngineParams::new(engine::models::find_folder(args.models.as_deref())?);
    params.kind = kind;
    params.detector = match args.detector {
        DetectorArg::Hog => Detector::Hog,
        DetectorArg::Cnn => Detector::Cnn,
    };
    params.upsample = args.upsample;
    params.jitters = jitters;
    params.landmarks.clone_from(&args.landmarks);
    Ok(params)
}

/// Loads the engine.
pub(super) fn load_engine(
    params: &EngineParams,
    console: &Console,
) -> Result<Box<dyn FaceEngine>, Failure> {
    let engine = engine::load(params)?;
    console.detail(format_args!(
        "engine {}, detector {}, {} landmarks, models in {}",
        engine.name(),
        params.detector.name(),
        engine.landmark_model().len(),
        params.models.display()
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

pub(super) fn walk_options(args: &WalkArgs) -> WalkOptions {
    WalkOptions {
        max_depth: args.max_depth.map_or(usize::MAX, |depth| {
            usize::try_from(depth).unwrap_or(usize::MAX)
        }),
        follow_links: args.follow_links,
        hidden: args.hidden,
    }
}

/// The inputs below `paths`, of which one may be `-`: paths on standard input.
pub(super) fn inputs(
    paths: &[PathBuf],
    args: &WalkArgs,
    console: &Console,
) -> Result<Inputs, Failure> {
    let reads_stdin = paths.iter().any(|p| p.as_os_str() == "-");
    if args.null && !reads_stdin {
        return Err(Failure::Usage(
            "-0 goes with paths on standard input: give `-` as a path".to_owned(),
        ));
    }
    let mut roots: Vec<PathBuf> = paths
        .iter()
        .filter(|p| p.as_os_str() != "-")
        .cloned()
        .collect();
    if reads_stdin {
        let separator = if args.null { 0 } else { b'\n' };
        roots.extend(stdin_paths(separator)?);
    }
    let inputs = walk(&roots, &walk_options(args));
    if inputs.list.is_empty() {
        let foreign = foreign_formats(&inputs).map_or_else(String::new, |f| format!(" ({f})"));
        let places: Vec<_> = paths.iter().map(|p| p.display().to_string()).collect();
        return Err(Failure::Start(format!(
            "nothing to search: no photos in {}{foreign}",
            places.join(", ")
        )));
    }
    warn_of_foreign_formats(&inputs, console);
    Ok(inputs)
}

/// Says what was passed over because its format cannot be read.
pub(super) fn warn_of_foreign_formats(inputs: &Inputs, console: &Console) {
    if let Some(foreign) = foreign_formats(inputs) {
        console.warn(foreign);
    }
}

fn foreign_formats(inputs: &Inputs) -> Option<String> {
    let kinds: Vec<_> = inputs
        .foreign
        .iter()
        .map(|(extension, count)| format!("{count} .{extension}"))
        .collect();
    (!kinds.is_empty()).then(|| {
        format!(
            "passed over photos in formats that facematch does not read: {}",
            kinds.join(", ")
        )
    })
}

fn stdin_paths(separator: u8) -> Result<Vec<PathBuf>, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::Start(format!("cannot read standard input: {error}")))?;
    Ok(split_paths(&bytes, separator))
}

fn split_paths(bytes: &[u8], separator: u8) -> Vec<PathBuf> {
    bytes
        .split(|&b| b == separator)
        .map(|path| match path {
            [start @ .., b'\r'] if cfg!(windows) && separator == b'\n' => start,
            path => path,
        })
        .filter(|path| !path.is_empty())
        .map(|path| PathBuf::from(os_string(path)))
        .collect()
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// The form of the report; text is coloured where that is wanted and can be seen.
pub(super) fn format(args: &OutputArgs) -> Format {
    match args.format {
        FormatArg::Json => Format::Json,
        FormatArg::Ndjson => Format::Ndjson,
        FormatArg::Csv => Format::Csv,
        FormatArg::Text if colored(args) => Format::ColoredText,
        FormatArg::Text => Format::Text,
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
            args.output.is_none() && std::io::stdout().is_terminal() && !refused
        }
    }
}

/// The folders for pictures must not be files.
pub(super) fn check_picture_folders(common: &CommonArgs) -> Result<(), Failure> {
    for folder in [&common.output.crops, &common.output.draw]
        .into_iter()
        .flatten()
    {
        create_folder(folder)?;
    }
    Ok(())
}

fn create_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::Start(format!(
            "{}: cannot make this folder: {error}",
            folder.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_split_at_their_separator_only() {
        let lines = split_paths(b"a b.jpg\n\nc\td.jpg\n", b'\n');
        assert_eq!(lines, [PathBuf::from("a b.jpg"), PathBuf::from("c\td.jpg")]);
        let nul = split_paths(b"a\nb.jpg\0c.jpg\0", 0);
        assert_eq!(nul, [PathBuf::from("a\nb.jpg"), PathBuf::from("c.jpg")]);
    }
}
