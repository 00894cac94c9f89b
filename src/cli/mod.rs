//! The command line: arguments, their check, the commands, and what the user sees.
//!
//! `args` (what clap parses) becomes `config` (what is valid); a command runs on it with a `console` for the error
//! stream and an `output` for the results. Nothing of this is part of the library.

mod args;
mod caching;
mod checking;
mod commands;
mod config;
mod console;
mod drawing;
mod exit;
mod guard;
mod interrupt;
mod output;
mod path_list;
mod pictures;
mod progress;
mod report;
mod same_file;
mod similar_names;
mod skipped;
mod sorting;
mod tagging;
mod temporary;
mod terminal;
mod timings;

use std::io::{self, Write};

use args::{Args, Command, EvalCommand};
use clap::CommandFactory;
use clap_complete::Shell;
use console::Console;
use exit::{Exit, Failure};
use output::Output;

/// Runs the program and says how it ended.
pub(crate) fn run() -> Exit {
    silence_worker_panics();
    let args = match args::parse(std::env::args_os().collect()) {
        Ok(args) => args,
        Err(error) => return print_help_or_mistake(&error),
    };
    match args.command {
        Some(Command::Detect(detect)) => {
            let console = Console::new(&detect.common.messages);
            finish(&console, commands::detect::run(&detect, &console))
        }
        Some(Command::Tag(tag)) => {
            let console = Console::new(&tag.common.messages);
            finish(&console, commands::tagging::tag(&tag, &console))
        }
        Some(Command::Untag(untag)) => {
            let console = Console::new(&untag.messages);
            finish(&console, commands::tagging::untag(&untag, &console))
        }
        Some(Command::Sort(sort)) => {
            let console = Console::new(&sort.common.messages);
            finish(&console, commands::sorting::run(&sort, &console))
        }
        Some(Command::Eval { what }) => evaluate(&what),
        Some(Command::Enroll(enroll)) => {
            let console = Console::new(&enroll.messages);
            finish(&console, commands::enrolling::run(&enroll, &console))
        }
        Some(Command::Cache { what }) => {
            let console = Console::new(what.messages());
            finish(&console, commands::caching::run(&what))
        }
        Some(Command::Check(check)) => {
            let console = Console::new(&check.messages);
            finish(&console, commands::checking::run(&check, &console))
        }
        Some(Command::Completions { shell, messages }) => {
            let console = Console::new(&messages);
            finish(&console, print_completions(shell))
        }
        None => {
            // Without a subcommand clap requires the paths.
            let console = Console::new(&args.matching.common.messages);
            finish(&console, commands::matching::run(&args.matching, &console))
        }
    }
}

fn evaluate(what: &EvalCommand) -> Exit {
    use commands::evaluating::{identification, impostors, pairs};
    let console = Console::new(match what {
        EvalCommand::Pairs(args) => &args.messages,
        EvalCommand::Identify(args) => &args.messages,
        EvalCommand::Impostors(args) => &args.messages,
    });
    let result = match what {
        EvalCommand::Pairs(args) => pairs::run(args, &console),
        EvalCommand::Identify(args) => identification::run(args, &console),
        EvalCommand::Impostors(args) => impostors::run(args, &console),
    };
    finish(&console, result)
}

/// Prints what clap has to say: a mistake, or help and the version, which are results.
fn print_help_or_mistake(error: &clap::Error) -> Exit {
    let printed = error.print().and_then(|()| io::stdout().flush());
    match printed {
        _ if error.use_stderr() => Exit::Usage,
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => {
            let failure = Output::stdout().failure(source);
            console::print_error(&failure);
            failure.exit()
        }
        _ => Exit::Done,
    }
}

fn print_completions(shell: Shell) -> Result<Exit, Failure> {
    // clap_complete panics when it cannot write.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "facematch", &mut script);
    let mut stdout = io::stdout();
    match stdout.write_all(&script).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Output::stdout().failure(error))
        }
        _ => Ok(Exit::Done),
    }
}

fn finish(console: &Console, result: Result<Exit, Failure>) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(failure) => {
            console.error(&failure);
            failure.exit()
        }
    }
}

/// A panic on a worker becomes an error record of its photo, one on a thread of the cache a warning; the default message
/// would only add noise.
fn silence_worker_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let on_worker = std::thread::current().name().is_some_and(|name| {
            name.starts_with(facematch::batch::WORKER_NAME)
                || name.starts_with(facematch::cache::THREAD_NAME)
        });
        if !on_worker {
            default(panic);
        }
    }));
}
