//! The command line: arguments, their validation, the commands, and all output.
//!
//! `args` (parsed by clap) becomes `config` (validated). A command is a function of its config and
//! a `console` for the error stream, and opens an `output` for its results. The library contains
//! none of this.

mod advice;
mod args;
mod caching;
mod checking;
mod commands;
mod config;
mod console;
mod drawing;
mod engine;
mod evaluation;
mod exit;
mod folders;
mod guard;
mod inputs;
mod interrupt;
mod output;
mod path_list;
mod photo_error;
mod pictures;
mod preprocessing;
mod progress;
mod report;
mod same_file;
mod session;
mod similar_names;
mod skipped;
mod sorting;
mod tagging;
mod temporary;
mod terminal;
mod timings;

use std::io::{self, Write};

use config::Command;
use console::Console;
use exit::{Exit, Failure};
use output::Output;

/// Runs the program and returns its exit status.
pub(crate) fn run() -> Exit {
    silence_worker_panics();
    let invocation = match args::parse(std::env::args_os().collect()) {
        Ok(invocation) => invocation,
        Err(no_command) => return no_command.print(),
    };
    let console = Console::new(&invocation.messages);
    let result = match &invocation.command {
        Command::Match(config) => commands::matching::run(config, &console),
        Command::Detect(config) => commands::detect::run(config, &console),
        Command::Tag(config) => commands::tagging::tag(config, &console),
        Command::Untag(config) => commands::tagging::untag(config, &console),
        Command::Sort(config) => commands::sorting::run(config, &console),
        Command::Enroll(config) => commands::enrolling::run(config, &console),
        Command::Check(config) => commands::checking::run(config, &console),
        Command::EvalPairs(config) => commands::evaluating::pairs::run(config, &console),
        Command::EvalIdentify(config) => {
            commands::evaluating::identification::run(config, &console)
        }
        Command::EvalImpostors(config) => commands::evaluating::impostors::run(config, &console),
        Command::Cache(config) => commands::caching::run(config),
        Command::Completions(script) => print_completions(script),
        Command::ManPages { folder, pages } => commands::man_pages::run(folder, pages),
    };
    result.unwrap_or_else(|failure| {
        console.error(&failure);
        failure.exit()
    })
}

fn print_completions(script: &[u8]) -> Result<Exit, Failure> {
    let mut stdout = io::stdout();
    match stdout.write_all(script).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Output::stdout().failure(error))
        }
        _ => Ok(Exit::Done),
    }
}

/// Hides the default message of panics on worker and cache threads. A worker's panic becomes an
/// error record of its photo and a cache thread's panic a warning.
fn silence_worker_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let thread = std::thread::current();
        let on_worker = thread
            .name()
            .is_some_and(|name| name.starts_with(facematch::batch::WORKER_NAME));
        if !on_worker {
            default(panic);
        }
    }));
}
