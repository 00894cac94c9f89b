//! Parses the words of the command line to [`Args`], finds a command that follows options, and
//! explains mistakes.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args as ClapArgs, Command, CommandFactory, FromArgMatches};

use super::Args;
use crate::cli::exit::Failure;

/// Minimum similarity (Jaro) at which a name counts as a mistyped command.
const SIMILAR: f64 = 0.8;

/// The options on the command line, such as `--width`, even if they have their default value.
pub(super) struct Given(Vec<String>);

impl Given {
    fn new(mut command: &Command, mut matches: &ArgMatches) -> Self {
        while let Some((name, below)) = matches.subcommand()
            && let Some(chosen) = command.find_subcommand(name)
        {
            (command, matches) = (chosen, below);
        }
        let is_given = |option: &&Arg| {
            let source = matches.value_source(option.get_id().as_str());
            source == Some(ValueSource::CommandLine)
        };
        let given = command.get_arguments().filter(is_given);
        let names = given.filter_map(Arg::get_long);
        Self(names.map(|name| format!("--{name}")).collect())
    }

    /// Returns the first of the options of `T`.
    pub(super) fn first_of<T: ClapArgs>(&self) -> Option<&str> {
        let options = T::augment_args(Command::new(""));
        let mut names = options.get_arguments().filter_map(Arg::get_long);
        let name = names.find_map(|name| self.0.iter().find(|given| given[2..] == *name));
        name.map(String::as_str)
    }

    /// Returns the first option that is not one of `accepted`.
    pub(super) fn other_than(&self, accepted: &[&str]) -> Option<&str> {
        let mut names = self.0.iter().map(String::as_str);
        names.find(|name| !accepted.contains(name))
    }
}

/// Parses `words`, the first of which is the program.
///
/// # Errors
/// clap's error. If it has no tip, one is added: which command an option belongs to, or which
/// command the user may have meant.
pub(super) fn parse(words: Vec<OsString>) -> Result<(Args, Given), clap::Error> {
    let mut command = Args::command();
    command.build();
    let words = command_first(&command, words);
    if let Some(option) = option_with_one_dash(&command, &words) {
        let problem =
            format!("unexpected argument '-{option}' found\n\n  tip: did you mean '--{option}'?");
        return Err(command.error(ErrorKind::UnknownArgument, problem));
    }
    let parsed = command
        .clone()
        .try_get_matches_from(&words)
        .and_then(|matches| {
            let given = Given::new(&command, &matches);
            Ok((Args::from_arg_matches(&matches)?, given))
        });
    parsed.map_err(|error| with_tip(error, &command, &words))
}

/// Moves the options before a command behind it: `-q detect photos` becomes `detect -q photos`.
fn command_first(command: &Command, mut words: Vec<OsString>) -> Vec<OsString> {
    let place = first_positional(command, &words);
    if place.is_none() && command.is_subcommand_required_set() {
        return without_messages(words);
    }
    let Some((place, chosen)) =
        place.and_then(|place| Some((place, command.find_subcommand(&words[place])?)))
    else {
        return words;
    };
    let name = words.remove(place);
    if name == "help" {
        words = without_messages(words);
    }
    let mut moved = vec![words.remove(0), name];
    // The command's own subcommands are moved in the same way, with the command in place of the
    // program.
    let rest = std::iter::once(OsString::new()).chain(words).collect();
    moved.extend(command_first(chosen, rest).into_iter().skip(1));
    moved
}

/// Returns `words` without the options about messages, which have no effect if only help is
/// printed.
fn without_messages(words: Vec<OsString>) -> Vec<OsString> {
    let mut kept = Vec::with_capacity(words.len());
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let is_short = |text: &str| {
            let letters = text.strip_prefix('-').unwrap_or_default();
            !letters.is_empty() && letters.chars().all(|letter| matches!(letter, 'q' | 'v'))
        };
        match word.to_str() {
            Some("--quiet" | "--verbose") => {}
            Some("--progress") => drop(words.next()),
            Some(text) if text.starts_with("--progress=") || is_short(text) => {}
            _ => kept.push(word),
        }
    }
    kept
}

/// Returns the index of the first of `words` that is neither an option nor an option's value.
fn first_positional(command: &Command, words: &[OsString]) -> Option<usize> {
    let mut place = 1;
    while let Some(word) = words.get(place) {
        let text = word.to_str().unwrap_or_default();
        let takes_next = match text.strip_prefix("--") {
            Some("") => return None,
            Some(long) => takes_next_word(command, |arg| arg.get_long() == Some(long)),
            None if text.len() < 2 || !text.starts_with('-') => return Some(place),
            None => last_short_takes_next_word(command, &text[1..]),
        };
        place += 1 + usize::from(takes_next);
    }
    None
}

/// Returns whether the short options in `cluster`, such as `qt`, end with one whose value is the
/// next word.
fn last_short_takes_next_word(command: &Command, cluster: &str) -> bool {
    let takes_value = |short| takes_next_word(command, |arg| arg.get_short() == Some(short));
    // If an option in a cluster takes a value, the rest of the cluster is that value.
    let first = cluster
        .char_indices()
        .find(|&(_, short)| takes_value(short));
    first.is_some_and(|(at, short)| at + short.len_utf8() == cluster.len())
}

/// Returns whether the value of the option that `is_meant` accepts is the next word. An option that
/// `command` lacks may belong to one of its subcommands.
fn takes_next_word(command: &Command, is_meant: impl Fn(&Arg) -> bool) -> bool {
    let commands =
        std::iter::once(command).chain(all_commands(command).map(|(_, command)| command));
    let mut options = commands.flat_map(Command::get_arguments);
    let option = options.find(|arg| is_meant(arg));
    option.is_some_and(|arg| arg.get_action().takes_values() && !arg.is_require_equals_set())
}

/// Returns the subcommands of `command` at all levels, each with the words that the user types:
/// "sort", "eval pairs".
fn all_commands(command: &Command) -> impl Iterator<Item = (String, &Command)> {
    command.get_subcommands().flat_map(|below| {
        let name = below.get_name();
        let nested = below.get_subcommands();
        let nested = nested.map(move |last| (format!("{name} {}", last.get_name()), last));
        std::iter::once((name.to_owned(), below)).chain(nested)
    })
}

/// Adds a tip to `error` about what the user may have meant.
fn with_tip(mut error: clap::Error, command: &Command, words: &[OsString]) -> clap::Error {
    let tip = match error.kind() {
        ErrorKind::UnknownArgument => match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(option)) => owners_tip(command, option),
            _ => None,
        },
        ErrorKind::MissingRequiredArgument => {
            first_positional(command, words).and_then(|place| match words[place].to_str() {
                Some("version") => Some("did you mean '--version'?".to_owned()),
                _ => similar_command(command, &words[place])
                    .map(|similar| format!("did you mean the command '{similar}'?")),
            })
        }
        _ => None,
    };
    if let Some(tip) = tip {
        // Replaces clap's own suggestion, which takes the option for a path.
        error.remove(ContextKind::SuggestedArg);
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![tip.into()]),
        );
    }
    error
}

/// Returns the long option that the user wrote with one dash instead of two in one of `words`, such
/// as `-version`. clap reads it as short options: `-v` and others, or `-o` with the file `utput`.
fn option_with_one_dash<'a>(command: &Command, words: &'a [OsString]) -> Option<&'a str> {
    let commands = || std::iter::once(command).chain(all_commands(command).map(|(_, below)| below));
    let is_option = |name: &str| {
        let mut options = commands().flat_map(Command::get_arguments);
        name.len() > 1 && options.any(|option| option.get_long() == Some(name))
    };
    let options = words.iter().skip(1).take_while(|word| *word != "--");
    let mut names = options.filter_map(|word| word.to_str()?.strip_prefix('-'));
    names.find(|name| is_option(name.split('=').next().unwrap_or_default()))
}

/// Returns a tip that names the commands that have `option`.
fn owners_tip(command: &Command, option: &str) -> Option<String> {
    let (long, short) = match option.strip_prefix("--") {
        Some(long) => (Some(long.split('=').next()?), None),
        None => (None, option.chars().nth(1)),
    };
    let has_it = |command: &Command| {
        let mut options = command.get_arguments();
        options.any(|arg| match long {
            Some(_) => arg.get_long() == long,
            None => short.is_some() && arg.get_short() == short,
        })
    };
    let mut owners: Vec<String> = all_commands(command)
        .filter(|(_, command)| has_it(command))
        .map(|(name, _)| format!("'facematch {name}'"))
        .collect();
    if has_it(command) {
        owners.insert(0, "'facematch KNOWN UNKNOWN'".to_owned());
    }
    (!owners.is_empty()).then(|| format!("'{option}' is an option of {}", owners.join(", ")))
}

/// Refuses a KNOWN that does not exist and looks like a mistyped command, and a command after
/// KNOWN.
pub(super) fn check_no_command(known: &Path, unknown: &[PathBuf]) -> Result<(), Failure> {
    let mut command = Args::command();
    command.build();
    let (path, advice) = if let Some(command) = similar_command(&command, known.as_os_str()) {
        (
            known,
            format!("did you mean the command `facematch {command}`?"),
        )
    } else if let Some(name) = misplaced_command(unknown) {
        let advice = format!("a command comes first: `facematch {name} ...`");
        (Path::new(name), advice)
    } else {
        return Ok(());
    };
    Err(Failure::Usage(format!(
        "{}: no such photo or folder; {advice}",
        path.display()
    )))
}

/// Returns the first of `words` that is the name of a command and not of a file.
fn misplaced_command(words: &[PathBuf]) -> Option<&str> {
    let command = Args::command();
    let mut names = words.iter().filter_map(|word| word.to_str());
    names.find(|name| command.find_subcommand(name).is_some() && !Path::new(name).exists())
}

fn similar_command(command: &Command, word: &OsStr) -> Option<String> {
    let word = word.to_str()?;
    if Path::new(word).exists() {
        return None;
    }
    let names = || command.get_subcommands().map(Command::get_name);
    if names().any(|name| name == word) {
        return None;
    }
    let word = word.to_lowercase();
    let similarity = |name: &str| match strsim::osa_distance(name, &word) {
        // Short names share too few letters with their misspellings for Jaro.
        0 | 1 => 1.0,
        _ => strsim::jaro(name, &word),
    };
    let nearest = names().max_by(|a, b| similarity(a).total_cmp(&similarity(b)))?;
    (similarity(nearest) > SIMILAR).then(|| nearest.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(line: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let mut command = Args::command();
        command.build();
        let moved = command_first(&command, words);
        let moved: Vec<_> = moved.iter().map(|word| word.to_str().unwrap()).collect();
        moved.join(" ")
    }

    #[test]
    fn arguments_are_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn options_before_a_command_are_moved_behind_it() {
        for (line, wanted) in [
            ("f -q detect a.jpg", "f detect -q a.jpg"),
            ("f -qj 2 detect a.jpg", "f detect -qj 2 a.jpg"),
            (
                "f -j2 --progress never tag k a.jpg",
                "f tag -j2 --progress never k a.jpg",
            ),
            (
                "f --progress=never tag k a.jpg",
                "f tag --progress=never k a.jpg",
            ),
            ("f --cache sort k a.jpg", "f sort --cache k a.jpg"),
            ("f --into d sort k a.jpg", "f sort --into d k a.jpg"),
            (
                "f -q eval -w 300 pairs a.csv",
                "f eval pairs -q -w 300 a.csv",
            ),
            ("f -q cache path", "f cache path -q"),
            ("f -qv help --progress never tag", "f help tag"),
            ("f -q eval --progress=never -h", "f eval -h"),
        ] {
            assert_eq!(moved(line), wanted);
        }
    }

    #[test]
    fn values_and_paths_are_no_commands() {
        for line in [
            "f -o detect known a.jpg",
            "f -qo detect known a.jpg",
            "f --output detect known a.jpg",
            "f known detect",
            "f -q ./detect a.jpg",
            "f - detect",
            "f -- detect a.jpg",
            "f -q",
            "f",
        ] {
            assert_eq!(moved(line), line);
        }
    }
}
