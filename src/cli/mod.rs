//! The command line, which wires everything and is the only place that knows everyone.
//!
//! Exit codes are the same for every command: 0 yes, 1 no (invalid, refused), 2 could not (usage, cannot
//! check, our fault).

mod args;
mod catalogue;
mod copy;
mod demo;
pub mod dev_keys;
mod doctor;
mod house;
mod import;
mod issue;
mod key_watch;
mod keys;
mod output;
mod protection;
mod receipt;
mod reseal;
mod serve;
mod trust_pack;
mod vault;
mod verify;
mod verify_batch;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let asked_for_help = !error.use_stderr();
            // A closed pipe is the reader's choice; there is nobody left to tell.
            drop(error.print());
            return Outcome::from_help(asked_for_help).code();
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return could_not(&CliError::new("the runtime did not start", error)),
    };
    let done = runtime.block_on(async {
        match args.command {
            Command::Catalogue(args) => catalogue::run(&args),
            Command::Copy(args) => copy::run(&args).await,
            Command::Demo(args) => demo::run(&args).await,
            Command::DevKeys(args) => dev_keys::command(&args.out, args.missing),
            Command::Doctor(args) => doctor::run(&args).await,
            Command::Import(args) => import::run(&args).await,
            Command::Issue(args) => issue::run(&args).await,
            Command::Keys(args) => keys::run(&args).await,
            Command::Serve(args) => serve::run(&args).await,
            Command::Vault(args) => vault::run(&args).await,
            Command::Verify(args) => verify::run(&args).await,
        }
    });
    match done {
        Ok(outcome) => outcome.code(),
        Err(error) => could_not(&error),
    }
}

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Yes: exit code 0.
    Yes,
    /// No: invalid, refused. Exit code 1.
    No,
    /// It could not be told. Exit code 2.
    CouldNot,
}

impl Outcome {
    fn from_help(asked_for: bool) -> Self {
        if asked_for { Self::Yes } else { Self::CouldNot }
    }

    fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::CouldNot => 2,
        })
    }
}

/// Why a command could not do its work, for the person at the terminal.
#[derive(Debug)]
pub struct CliError {
    what: String,
}

impl CliError {
    /// What was attempted, and what stood in the way.
    pub fn new(what: impl std::fmt::Display, why: impl std::fmt::Display) -> Self {
        Self { what: format!("{what}: {why}") }
    }

    /// What was attempted, and everything that stood in the way, a line each.
    pub fn listing<T: std::fmt::Display>(what: impl std::fmt::Display, faults: &[T]) -> Self {
        let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
        Self::new(what, format!("\n{}", lines.join("\n")))
    }
}

impl std::fmt::Display for CliError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for CliError {}

fn could_not(error: &CliError) -> ExitCode {
    output::complain(&format!("zhengku: {error}"));
    Outcome::CouldNot.code()
}
