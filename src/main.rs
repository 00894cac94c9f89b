//! The command line of facematch.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run().into()
}
