//! `hestat fog`: its subcommands `client`, `node` and `run`.

mod client;
mod message;
mod node;
mod run;

use clap::Subcommand;

use super::console::Console;

/// Have the parts of a message RSA-encrypted by nodes that do not see each other's parts
///
/// The client splits a message into as many parts as there are nodes, sends each node one part and its public key, and
/// reassembles what comes back encrypted. docs/SCENARIOS.md explains who sees what.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  hestat fog run --message 'the quick brown fox'")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Client(client::Args),
    Node(node::Args),
    Run(run::Args),
}

impl Args {
    pub(super) fn run(&self, console: &Console) -> anyhow::Result<u8> {
        match &self.command {
            Command::Client(args) => args.run(console),
            Command::Node(args) => args.run(console),
            Command::Run(args) => args.run(console),
        }
    }
}
