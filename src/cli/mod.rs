//! The command line: turns arguments into requests, results into text, and errors into messages and exit codes. The
//! logic is in the library.

mod column_list;
mod completions;
mod compute;
mod confirm;
mod connect_options;
mod console;
mod environment;
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
pub mod reference;
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

/// Exact statistics on encrypted columns, computed by an untrusted machine
///
/// A client encrypts the columns of a CSV file, a server without any key adds them up, and the client decrypts the
/// exact statistics of the clear data. Other scenarios with an untrusted party are separate commands: fog.
#[derive(Debug, Parser)]
#[command(name = "hestat", version, propagate_version = true, after_help = AFTER_HELP, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    output: OutputOptions,
}

const AFTER_HELP: &str = "\
Getting started:
  hestat sample --rows 4240 --output sample.csv
  hestat run --check sample.csv

Exit codes:
  0  success                                 11  cannot connect to the server or peer
  1  statistics differ from the clear data   12  the server or peer timed out
  2  invalid usage                           13  the server rejected the password
  3  the CSV file cannot be used             14  unknown server certificate or peer key
  4  the result is not ready                 15  changed server certificate or peer key
  5  no such job, or a key cannot be used    16  the server does not support TLS
  6  other server error                      17  the server or peer denied access
  7  the server's totals failed the check    18  the server's disk is full
  8  local file, disk or directory error     19  the server's storage quota is exceeded
  9  damaged or unknown .hes file            20  the server or peer violated the protocol
 10  a job failed on the server              21  the port to listen on is in use
                                             22  no node was available in time
                                             23  other users can change keys or trust files
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

/// Runs the command in the arguments of this process.
pub fn main() -> ExitCode {
    core_dumps::disable();
    let matches = environment::matches(definition());
    let Arguments { command, output } = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let console = Console::new(output);
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
    /// Whether the command works on ciphertext, and so needs the thread pool.
    fn computes(&self) -> bool {
        matches!(
            self,
            Self::Init(_) | Self::Compute(_) | Self::Result(_) | Self::Serve(_) | Self::Run(_) | Self::Inspect(_)
        )
    }
}

/// Returns the definition of all commands and options, for the parser and for generated files.
fn definition() -> clap::Command {
    Arguments::command()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Pairs of a heading in a help text and a group of options below it, or an option of a struct that flattens
    /// others: clap makes no group of these.
    fn headings(command: &clap::Command) -> BTreeSet<(String, String)> {
        let name = |arg: &clap::Arg| {
            let group = command.get_groups().find(|group| group.get_args().any(|id| id == arg.get_id()));
            group.map_or(arg.get_id(), clap::ArgGroup::get_id).to_string()
        };
        let pair = |arg| clap::Arg::get_help_heading(arg).map(|heading| (heading.to_owned(), name(arg)));
        let pairs = command.get_arguments().filter_map(pair);
        pairs.chain(command.get_subcommands().flat_map(headings)).collect()
    }

    /// clap gives an option after a flattened group the heading of that group.
    #[test]
    fn every_option_has_the_heading_of_its_group() {
        let expected = [
            ("Connection to the server", "ConnectOptions"),
            ("Identity and trust", "AdmissionOptions"),
            ("Identity and trust", "PassphraseOptions"),
            ("Identity and trust", "StateOptions"),
            ("Identity and trust", "TrustOptions"),
            ("Identity and trust", "identity"),
            ("Limits", "LimitOptions"),
            ("Message", "MessageOptions"),
            ("RSA key", "RsaKeyOptions"),
            ("Timeouts", "WaitingOptions"),
        ];
        let expected = expected.map(|(heading, group)| (heading.to_owned(), group.to_owned()));
        assert_eq!(headings(&definition()), expected.into_iter().collect());
    }
}
