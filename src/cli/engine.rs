//! The engines of a run, one per worker.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use facematch::LoadError;
use facematch::engine::models::ModelSource;
use facematch::engine::{self, EngineKind, EngineParams, FaceEngine, SimdLevel};

use super::advice::Advised;
use super::config::EngineConfig;
use super::console::Console;
use super::exit::Failure;

/// Environment variable that names the folder with the models.
const MODELS: &str = "FACEMATCH_MODELS";

/// Returns the engine's parameters and looks up where the models are.
pub(super) fn params(config: &EngineConfig) -> Result<EngineParams, Failure> {
    engine::check_available(config.kind)?;
    let models = config.models.clone().or_else(|| path_in(MODELS));
    let models = ModelSource::for_engine(config.kind, models.as_deref())
        .map_err(|error| no_models(error, config))?;
    let simd = SimdLevel::from_environment().map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(EngineParams {
        kind: config.kind,
        detector: config.detector,
        upsample: config.upsample,
        min_score: config.min_score,
        encoder: config.encoder,
        jitters: config.jitters,
        flip: config.flip,
        models,
        landmarks: config.landmarks.clone(),
        simd,
    })
}

/// Returns the failure to load an engine. If the models are in a folder that the environment names,
/// it names the variable, which the user may not know of.
fn no_models(error: LoadError, config: &EngineConfig) -> Failure {
    let folder = match config.models {
        Some(_) => None,
        None => path_in(MODELS),
    };
    let is_in = |folder: &PathBuf| {
        let path = error
            .path()
            .filter(|_| error.path() != config.landmarks.as_deref());
        path.is_some_and(|path| path.starts_with(folder))
    };
    match folder.filter(is_in) {
        Some(folder) => Failure::Start(format!(
            "{} ({MODELS}={})",
            Advised(&error),
            folder.display()
        )),
        None => error.into(),
    }
}

/// Returns the path in the environment variable `name`, unless it is empty. clap is not used here
/// because it rejects an empty value instead of ignoring it.
pub(super) fn path_in(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os(name).filter(|path| !path.is_empty());
    path.map(PathBuf::from)
}

/// Loads an engine for each worker that `inputs` photos need: at least one.
pub(super) fn workers(
    params: &EngineParams,
    config: &EngineConfig,
    inputs: usize,
    console: &Console,
) -> Result<Vec<Box<dyn FaceEngine>>, Failure> {
    let engine = engine::load(params).map_err(|error| no_models(error, config))?;
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
    let mut engines: Vec<_> = (1..jobs(config, inputs)).map(|_| engine.fork()).collect();
    engines.push(engine);
    Ok(engines)
}

/// Returns the number of workers for `inputs` photos.
pub(super) fn jobs(config: &EngineConfig, inputs: usize) -> usize {
    let wanted = config.jobs.map_or_else(
        || std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        usize::from,
    );
    wanted.min(inputs).max(1)
}
