//! Converts the options that several commands share to the matching parts of configs.

use std::path::PathBuf;
use std::time::Duration;

use facematch::batch::WalkOptions;
use facematch::engine::{Detector, EncoderKind, EngineKind};
use facematch::matching::{CandidateCount, Repetition, Rules};
use facematch::photo::{Depth, EncodeFrom, PhotoSettings};

use super::options::{
    CacheArgs, CommonArgs, DecisionArgs, DetectorArg, EncodeFromArg, EncodingArgs, EngineArg,
    EngineArgs, FiguresFormatArg, FormatArg, MessageArgs, OutputArgs, ThresholdArg, WalkArgs,
    WhenArg,
};
use crate::cli::config::{
    CacheConfig, Decision, EngineConfig, FiguresFormat, Messages, PhotoSource, PreConfig, Results,
    RunConfig, Threshold, When, with_preprocessed,
};
use crate::cli::exit::Failure;
use crate::cli::report::Format;

impl CommonArgs {
    pub(super) fn run(
        self,
        paths: Vec<PathBuf>,
        left_out: Vec<PathBuf>,
        encoding: EncodingArgs,
    ) -> RunConfig {
        let engine = self.engine.config(encoding);
        let mut photos = self.walk.source(paths, left_out);
        photos.options = with_preprocessed(photos.options, engine.pre.as_ref());
        RunConfig {
            photos,
            engine,
            cache: self.cache.into(),
            results: self.output.into(),
            timings: self.timings,
        }
    }
}

impl DecisionArgs {
    pub(super) fn config(
        self,
        candidates: CandidateCount,
        encoder: EncoderKind,
    ) -> Result<Decision, Failure> {
        let usual = Rules::default_for(encoder);
        let fixed = match (self.threshold, encoder) {
            (Some(ThresholdArg::Fixed(threshold)), _) => Some(threshold),
            // The threshold of `face_recognition`.
            (None, EncoderKind::Dlib) => Some(usual.threshold),
            // No fixed threshold suits all people (docs/ACCURACY.md), and no other program's
            // results have to be repeated.
            (None, EncoderKind::Mobilefacenet) | (Some(ThresholdArg::Auto), _) => None,
        };
        Ok(Decision {
            threshold: Threshold::new(fixed, self.target_fpir)?,
            margin: self.margin.unwrap_or(usual.margin),
            repetition: match self.allow_repeat {
                true => Repetition::Allowed,
                false => Repetition::Once,
            },
            candidates,
        })
    }
}

impl EngineArgs {
    pub(super) fn checked(self, encoding: EncodingArgs) -> Result<EngineConfig, Failure> {
        let config = self.config(encoding);
        config.check()?;
        Ok(config)
    }

    pub(super) fn config(self, encoding: EncodingArgs) -> EngineConfig {
        let kind = match self.engine {
            EngineArg::Native => EngineKind::Native,
            EngineArg::Dlib => EngineKind::Dlib,
        };
        let detector = match self.detector {
            DetectorArg::Auto => kind.best_detector(),
            DetectorArg::Hog => Detector::Hog,
            DetectorArg::Cnn => Detector::Cnn,
            DetectorArg::Retinaface => Detector::Retinaface,
        };
        let how = encoding.how;
        EngineConfig {
            kind,
            detector,
            upsample: self.upsample.unwrap_or(detector.default_upsample()),
            min_score: self.min_score,
            encoder: encoding.encoder.kind(),
            jitters: how.jitters,
            flip: !how.no_flip,
            landmarks: self.landmarks,
            models: self.models,
            settings: PhotoSettings {
                width: self.width,
                min_face: self.min_face,
                min_quality: how.min_quality,
                try_rotations: self.try_rotations,
                encode_from: match how.encode_from {
                    EncodeFromArg::Resized => EncodeFrom::Resized,
                    EncodeFromArg::Original => EncodeFrom::Original,
                },
                depth: Depth::Encodings,
            },
            jobs: self.jobs,
            pre: self.pre.map(|command| PreConfig {
                command,
                patterns: self.pre_glob,
                timeout: Duration::from_secs(self.pre_timeout.into()),
            }),
        }
    }
}

impl WalkArgs {
    pub(super) fn source(self, paths: Vec<PathBuf>, left_out: Vec<PathBuf>) -> PhotoSource {
        PhotoSource {
            paths,
            left_out,
            options: WalkOptions {
                max_depth: self.max_depth.map_or(usize::MAX, |depth| {
                    usize::try_from(depth).unwrap_or(usize::MAX)
                }),
                follow_links: self.follow_links,
                hidden: self.hidden,
                extensions: self.ext,
                excluded_patterns: self.exclude,
                ..WalkOptions::default()
            },
            null: self.null,
        }
    }
}

impl From<CacheArgs> for CacheConfig {
    fn from(args: CacheArgs) -> Self {
        Self::new(args.cache, args.no_cache)
    }
}

impl From<OutputArgs> for Results {
    fn from(args: OutputArgs) -> Self {
        Self {
            format: match args.format {
                FormatArg::Text => Format::Text,
                FormatArg::Json => Format::Json,
                FormatArg::Ndjson => Format::Ndjson,
                FormatArg::Csv => Format::Csv,
                FormatArg::ExiftoolJson => Format::ExiftoolJson,
            },
            file: args.output,
            with_encodings: args.with_encodings,
            crops: args.crops,
            draw: args.draw,
            color: args.color.into(),
        }
    }
}

impl From<FiguresFormatArg> for FiguresFormat {
    fn from(format: FiguresFormatArg) -> Self {
        match format {
            FiguresFormatArg::Text => Self::Text,
            FiguresFormatArg::Json => Self::Json,
        }
    }
}

impl From<MessageArgs> for Messages {
    fn from(args: MessageArgs) -> Self {
        Self {
            quiet: args.quiet,
            verbose: args.verbose,
            progress: args.progress.into(),
        }
    }
}

impl From<WhenArg> for When {
    fn from(when: WhenArg) -> Self {
        match when {
            WhenArg::Auto => Self::Auto,
            WhenArg::Always => Self::Always,
            WhenArg::Never => Self::Never,
        }
    }
}
