//! The door: arguments become requests, results become text, errors become messages and exit codes. No logic here.

mod column_list;
mod completions;
mod compute;
mod confirm;
mod connect_options;
mod console;
mod exit;
mod fog;
mod forget;
mod hostnames;
mod identity;
mod init;
mod inspect;
mod jobs;
mod log;
mod man;
mod options;
mod output;
mod peers;
mod ping;
mod progress;
mod result;
mod run;
mod sample;
mod secrets;
mod serve;
mod server_limits;
mod signals;
mod terminal;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use console::{Console, OutputOptions};

use crate::foundation::{core_dumps, threads};

/// Exact statistics on encrypted columns, computed by a machine that is not trusted.
///
/// A client encrypts the columns of a CSV file, a server without any key adds them up, and the client decrypts exactly
/// the statistics of the clear data. Beside it, scenarios with other middles that are not trusted: fog.
#[derive(Debug, Parser)]
#[command(name = "hestat", version, propagate_version = true, after_help = AFTER_HELP, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    shown: OutputOptions,
}

const AFTER_HELP: &str = "\
Begin with:
  hestat sample --rows 4240 --output sample.csv
  hestat run --input sample.csv --check

Exit codes:
  0  done                                   11  no server or peer there
  1  statistics differ from the clear data  12  the server or peer does not answer in time
  2  wrong use of the command               13  the server refuses the password
  3  the CSV file cannot be used            14  the server's certificate, or the peer, is not known
  4  the result is not there yet            15  the server or peer shows another key
  5  no such job, or a key is not usable    16  the server offers no TLS
  6  the server cannot be used otherwise    17  the server or peer denies access
  7  the server's answer was refused        18  the server's disk is full
  8  a file, disk or directory here fails   19  the server stores no more for this account
  9  a .hes file is damaged or foreign      20  the server or peer breaks the protocol
 10  a job failed on the server             21  the port to serve at is taken
                                            22  no node came in time for a part
                                            23  other users can change keys or trust
                                           130  stopped by a signal";

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Compute(compute::Args),
    Result(result::Args),
    Serve(serve::Args),
    Ping(ping::Args),
    Jobs(jobs::Args),
    Forget(forget::Args),
    Fog(fog::Args),
    Identity(identity::Args),
    Run(run::Args),
    Inspect(inspect::Args),
    Sample(sample::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the command line that the process was started with.
pub fn main() -> ExitCode {
    core_dumps::disable();
    let Arguments { command, shown } = arguments();
    let console = Console::new(shown);
    exit::code(run(command, &console), &console)
}

fn run(command: Command, console: &Console) -> anyhow::Result<u8> {
    if command.computes() {
        threads::start()?;
    }
    match command {
        Command::Init(args) => args.run(console),
        Command::Compute(args) => args.run(console),
        Command::Result(args) => args.run(console),
        Command::Serve(args) => args.run(console),
        Command::Ping(args) => args.run(console),
        Command::Jobs(args) => args.run(console),
        Command::Forget(args) => args.run(console),
        Command::Fog(args) => args.run(console),
        Command::Identity(args) => args.run(console),
        Command::Run(args) => args.run(console),
        Command::Inspect(args) => args.run(console),
        Command::Sample(args) => args.run(console),
        Command::Completions(args) => args.run(console),
        Command::Man(args) => args.run(console),
    }
}

impl Command {
    /// Whether it works on ciphertext.
    fn computes(&self) -> bool {
        matches!(
            self,
            Self::Init(_) | Self::Compute(_) | Self::Result(_) | Self::Serve(_) | Self::Run(_) | Self::Inspect(_)
        )
    }
}

fn arguments() -> Arguments {
    let matches = without_idle_variables(definition()).get_matches();
    Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

/// A variable that is set to nothing counts as not set, for compose files and scripts often do that; so does one that says no to
/// what is asked for by its presence, and one whose option does not go together with what the command line names.
fn without_idle_variables(command: clap::Command) -> clap::Command {
    let is_empty = |arg: &clap::Arg| {
        let value = arg.get_env().and_then(std::env::var_os);
        let is_flag = matches!(arg.get_action(), clap::ArgAction::SetTrue);
        value.is_some_and(|value| value.is_empty() || is_flag && (value == "false" || value == "0" || value == "no"))
    };
    let overruled: Vec<clap::Id> = overruled(&command).map(|arg| arg.get_id().clone()).collect();
    let is_idle = |arg: &clap::Arg| is_empty(arg) || overruled.contains(arg.get_id());
    let keep = |arg: clap::Arg| if is_idle(&arg) { arg.env(None::<&str>) } else { arg };
    command.mut_args(keep).mut_subcommands(without_idle_variables)
}

/// What conflicts with an option that the command line names.
fn overruled(command: &clap::Command) -> impl Iterator<Item = &clap::Arg> {
    let said: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let is_said = move |arg: &&clap::Arg| {
        let (long, short) =
            (arg.get_long().map(|name| format!("--{name}")), arg.get_short().map(|name| format!("-{name}")));
        let is_long = |word: &String| long.as_deref() == word.split('=').next();
        let is_short = |word: &String| short.as_ref().is_some_and(|short| word.starts_with(short));
        said.iter().any(|word| is_long(word) || is_short(word))
    };
    command.get_arguments().filter(is_said).flat_map(|arg| command.get_arg_conflicts_with(arg))
}

/// The whole command line, for what is generated from it.
fn definition() -> clap::Command {
    Arguments::command()
}
