//! Converts the arguments parsed by clap to the config of each command.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::CommandFactory;
use facematch::matching::CandidateCount;

use super::evaluating::{EvalCommand, EvalIdentifyArgs, EvalImpostorsArgs, EvalPairsArgs};
use super::options::{DecisionArgs, EncoderArg, EncodingArgs};
use super::parsing::{self, Given, check_no_command};
use super::sorting::{SortArgs, SortByArg};
use super::{
    Args, CacheCommand, CheckArgs, Command, DetectArgs, EnrollArgs, MatchArgs, SidecarNamingArg,
    TagArgs, UntagArgs,
};
use crate::cli::config::{
    self, CacheAction, CacheCommandConfig, CheckConfig, DetectConfig, EnrollConfig,
    EvalIdentifyConfig, EvalImpostorsConfig, EvalPairsConfig, GalleryConfig, Invocation,
    MatchConfig, NameTarget, ReencodeConfig, RunConfig, SortConfig, TagConfig, UntagConfig,
    known_options, only_file, refuse_encoding_options,
};
use crate::cli::console::print_error;
use crate::cli::exit::{Exit, Failure};
use crate::cli::guard::Written;
use crate::cli::output::Output;
use crate::cli::report::SortMethod;
use crate::cli::tagging::{Backup, SidecarNaming, Writing};

/// Reason why there is no command to run.
pub(crate) enum NoCommand {
    /// A mistake, or a request for help or the version.
    Clap(clap::Error),
    /// Options that do not work together.
    Refused(Failure),
}

/// Returns the command that `words` ask for. The first word is the program.
pub(crate) fn parse(words: Vec<OsString>) -> Result<Invocation, NoCommand> {
    let (args, given) = parsing::parse(words).map_err(NoCommand::Clap)?;
    invocation(args, &given).map_err(NoCommand::Refused)
}

impl NoCommand {
    /// Prints the reason and returns the exit status.
    pub(crate) fn print(&self) -> Exit {
        let error = match self {
            Self::Clap(error) => error,
            Self::Refused(failure) => {
                print_error(failure);
                return failure.exit();
            }
        };
        let printed = error.print().and_then(|()| io::stdout().flush());
        match printed {
            _ if error.use_stderr() => Exit::Usage,
            Err(source) if source.kind() != io::ErrorKind::BrokenPipe => {
                let failure = Output::stdout().failure(source);
                print_error(&failure);
                failure.exit()
            }
            _ => Exit::Done,
        }
    }
}

/// Returns the command that `args` ask for.
///
/// # Errors
/// [`Failure::Usage`] if options do not work together.
fn invocation(args: Args, given: &Given) -> Result<Invocation, Failure> {
    use config::Command as To;
    let (messages, command) = match args.command {
        // clap requires the paths if there is no subcommand.
        None => (
            args.matching.common.messages,
            To::Match(default_command(args.matching)?),
        ),
        Some(Command::Detect(args)) => (args.common.messages, To::Detect(detect(args, given)?)),
        Some(Command::Tag(args)) => (args.common.messages, To::Tag(tag(args)?)),
        Some(Command::Untag(args)) => (args.messages, To::Untag(untag(args)?)),
        Some(Command::Sort(args)) => (args.common.messages, To::Sort(sort(args)?)),
        Some(Command::Enroll(args)) => (args.messages, To::Enroll(enroll(args, given)?)),
        Some(Command::Check(args)) => (args.messages, To::Check(check(args, given)?)),
        Some(Command::Eval { what }) => match what {
            EvalCommand::Pairs(args) => (args.messages, To::EvalPairs(eval_pairs(args)?)),
            EvalCommand::Identify(args) => (args.messages, To::EvalIdentify(eval_identify(args)?)),
            EvalCommand::Impostors(args) => {
                (args.messages, To::EvalImpostors(eval_impostors(args)?))
            }
        },
        Some(Command::Cache { what }) => {
            let (action, args) = match what {
                CacheCommand::Path(args) => (CacheAction::Path, args),
                CacheCommand::Stats(args) => (CacheAction::Stats, args),
                CacheCommand::Prune { unused, file } => {
                    let unused_days = unused;
                    (CacheAction::Prune { unused_days }, file)
                }
                CacheCommand::Clear(args) => (CacheAction::Clear, args),
            };
            let file = args.cache;
            let command = To::Cache(CacheCommandConfig { action, file });
            (args.messages, command)
        }
        Some(Command::Completions { shell, messages }) => {
            // Written to a buffer first, because clap_complete panics if it cannot write.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "facematch", &mut script);
            (messages, To::Completions(script))
        }
        Some(Command::ManPages { folder, messages }) => {
            let pages = man_pages(&Args::command());
            (messages, To::ManPages { folder, pages })
        }
    };
    Ok(Invocation {
        messages: messages.into(),
        command,
    })
}

/// Returns the file name and the text of the man page of `program`, and of each of its commands
/// that is not hidden.
fn man_pages(program: &clap::Command) -> Vec<(String, Vec<u8>)> {
    let mut program = program.clone().disable_help_subcommand(true);
    // Gives the commands their whole names.
    program.build();
    let mut pages = Vec::new();
    let mut commands = vec![program];
    while let Some(command) = commands.pop() {
        let inner = command
            .get_subcommands()
            .filter(|inner| !inner.is_hide_set());
        commands.extend(inner.cloned());
        let page = clap_mangen::Man::new(command);
        let mut text = Vec::new();
        // Writing to memory does not fail.
        if page.render(&mut text).is_ok() {
            pages.push((page.get_filename(), text));
        }
    }
    pages
}

fn default_command(args: MatchArgs) -> Result<MatchConfig, Failure> {
    let known = args.known.unwrap_or_default();
    let candidates = match args.all_distances {
        true => CandidateCount::All,
        false => CandidateCount::Nearest(args.candidates as usize),
    };
    let run = args.common.run(args.unknown, Vec::new(), args.encoding);
    run.results.refuse_exiftool_json()?;
    check_no_command(&known, &run.photos.paths)?;
    matching(known, args.decision, candidates, run)
}

fn matching(
    known: PathBuf,
    decision: DecisionArgs,
    candidates: CandidateCount,
    run: RunConfig,
) -> Result<MatchConfig, Failure> {
    let options = &run.photos.options;
    let config = MatchConfig {
        known,
        known_options: known_options(
            options.follow_links,
            options.hidden,
            run.engine.pre.as_ref(),
        ),
        decision: decision.config(candidates, run.engine.encoder)?,
        run,
    };
    config.run.check()?;
    Ok(config)
}

fn detect(args: DetectArgs, given: &Given) -> Result<DetectConfig, Failure> {
    let mut run = args.common.run(args.path, Vec::new(), args.encoding);
    if !run.results.with_encodings {
        let encoding = given.first_of::<EncodingArgs>();
        refuse_encoding_options(encoding)?;
        run.engine = run.engine.without_encodings();
    }
    run.results.refuse_exiftool_json()?;
    run.check()?;
    Ok(DetectConfig { run })
}

fn tag(args: TagArgs) -> Result<TagConfig, Failure> {
    let run = args.common.run(args.photo, Vec::new(), args.encoding);
    let naming = match args.sidecar_naming {
        SidecarNamingArg::Appended => SidecarNaming::Appended,
        SidecarNamingArg::Adobe => SidecarNaming::Adobe,
    };
    let embedded = args.embed.then(|| backup(args.no_backup));
    Ok(TagConfig {
        target: NameTarget::new(run.results.format, embedded, naming)?,
        writing: writing(args.dry_run),
        matching: matching(args.known, args.decision, CandidateCount::Nearest(1), run)?,
    })
}

fn untag(args: UntagArgs) -> Result<UntagConfig, Failure> {
    let photos = args.walk.source(args.photo, Vec::new());
    photos.check()?;
    Ok(UntagConfig {
        photos,
        writing: writing(args.dry_run),
        backup: backup(args.no_backup),
    })
}

fn backup(none: bool) -> Backup {
    match none {
        false => Backup::Kept,
        true => Backup::None,
    }
}

fn writing(dry_run: bool) -> Writing {
    match dry_run {
        false => Writing::Done,
        true => Writing::Told,
    }
}

fn sort(args: SortArgs) -> Result<SortConfig, Failure> {
    let others = [&args.unknown_into, &args.none_into].into_iter().flatten();
    let folders = std::iter::once(&args.into).chain(others).cloned().collect();
    let run = args.common.run(args.photo, folders, args.encoding);
    run.results.refuse_exiftool_json()?;
    Ok(SortConfig {
        matching: matching(args.known, args.decision, CandidateCount::Nearest(1), run)?,
        into: args.into,
        method: match args.by {
            SortByArg::Copy => SortMethod::Copy,
            SortByArg::Hardlink => SortMethod::Hardlink,
            SortByArg::Symlink => SortMethod::Symlink,
            SortByArg::Move => SortMethod::Move,
        },
        first: args.first,
        unknown_into: args.unknown_into,
        none_into: args.none_into,
        dry_run: args.dry_run,
    })
}

/// Options of messages, which every command accepts.
const MESSAGES: [&str; 3] = ["--quiet", "--verbose", "--progress"];

fn enroll(mut args: EnrollArgs, given: &Given) -> Result<EnrollConfig, Failure> {
    let without_photos = [&["--list", "--remove"], &MESSAGES[..]].concat();
    let about_photos = given.other_than(&without_photos);
    let (file, written) = match (args.output, args.add) {
        (Some(file), _) => (file, Written::Gallery { force: args.force }),
        (None, Some(file)) => {
            args.known.insert(0, file.clone());
            (file, Written::ChangedGallery)
        }
        (None, None) if args.list => {
            let file = only_file("--list", args.known, about_photos)?;
            return Ok(EnrollConfig::List { file });
        }
        (None, None) => {
            let file = only_file("--remove", args.known, about_photos)?;
            let names = args.remove;
            return Ok(EnrollConfig::Remove { names, file });
        }
    };
    if let Some(gallery) = args.reencode {
        return Ok(EnrollConfig::Reencode(ReencodeConfig {
            gallery,
            file,
            written,
            engine: args.engine.checked(args.encoding)?,
            cache: args.cache.into(),
        }));
    }
    let engine = args.engine.checked(args.encoding)?;
    Ok(EnrollConfig::Write(GalleryConfig {
        known: args.known,
        known_options: known_options(args.follow_links, args.hidden, engine.pre.as_ref()),
        from_tags: args.from_tags,
        file,
        written,
        engine,
        cache: args.cache.into(),
    }))
}

fn check(args: CheckArgs, given: &Given) -> Result<CheckConfig, Failure> {
    let of_galleries = ["--threshold", "--format", "--output", "--jobs"];
    let of_galleries = [&of_galleries, &MESSAGES[..]].concat();
    let engine = args.engine.checked(args.encoding)?;
    Ok(CheckConfig {
        about_photos: given.other_than(&of_galleries).map(str::to_owned),
        known: args.known,
        known_options: known_options(args.follow_links, args.hidden, engine.pre.as_ref()),
        threshold: args.threshold,
        format: args.format.into(),
        output: args.output,
        engine,
    })
}

fn eval_pairs(args: EvalPairsArgs) -> Result<EvalPairsConfig, Failure> {
    let encoders: Vec<_> = args.encoder.iter().map(|encoder| encoder.kind()).collect();
    let engine = args.engine.config(EncodingArgs {
        encoder: EncoderArg::Dlib,
        how: args.how_to_encode,
    });
    for &encoder in &encoders {
        engine.with_encoder(encoder).check()?;
    }
    Ok(EvalPairsConfig {
        pairs: args.pairs,
        root: args.root,
        threshold: args.threshold,
        format: args.format.into(),
        output: args.output,
        plot: args.plot,
        engine,
        encoders,
        cache: args.cache.into(),
    })
}

fn eval_identify(args: EvalIdentifyArgs) -> Result<EvalIdentifyConfig, Failure> {
    let engine = args.engine.checked(args.encoding)?;
    let encoder = engine.encoder;
    Ok(EvalIdentifyConfig {
        known: args.known,
        unknown: args.unknown,
        labels: args.labels,
        format: args.format.into(),
        output: args.output,
        decision: args.decision.config(CandidateCount::Nearest(1), encoder)?,
        engine,
        cache: args.cache.into(),
    })
}

fn eval_impostors(args: EvalImpostorsArgs) -> Result<EvalImpostorsConfig, Failure> {
    Ok(EvalImpostorsConfig {
        people: args.people,
        output: args.output,
        engine: args.engine.checked(args.encoding)?,
        cache: args.cache.into(),
    })
}

#[cfg(test)]
mod tests {
    use facematch::matching::{DistanceThreshold, Margin, Repetition};

    use super::*;
    use crate::cli::config::{CacheConfig, EngineConfig, Threshold};

    #[test]
    fn options_that_are_not_given_have_the_defaults() {
        let words = ["facematch", "k.jpg", "u.jpg"].map(OsString::from);
        let parsed = parse(words.into()).map(|invocation| invocation.command);
        let Ok(config::Command::Match(config)) = parsed else {
            panic!("this is the default command");
        };
        assert_eq!(config.run.engine, EngineConfig::default());
        assert_eq!(config.run.cache, CacheConfig::default());
        assert_eq!(config.known_options, known_options(false, false, None));
        let decision = config.decision;
        let threshold = Threshold::Fixed(DistanceThreshold::default());
        assert_eq!(decision.threshold, threshold);
        assert_eq!(decision.margin, Margin::default());
        assert_eq!(decision.repetition, Repetition::Once);
        assert_eq!(decision.candidates, CandidateCount::Nearest(1));
    }
}
