//! Parses the command line, and decides which environment variables take effect. It ignores empty variables, flags that
//! are set to "no", and variables of options that conflict with an option on the command line.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, Id};

/// Parses the arguments of this process; exits after `--help`, `--version` or an error.
pub(super) fn matches(command: Command) -> ArgMatches {
    let command = without_unset_variables(command);
    // The first parse finds the options on the command line. Errors are left to the second one.
    match command.clone().ignore_errors(true).try_get_matches() {
        Ok(given) => without_overridden_variables(command, &given),
        Err(_) => command,
    }
    .get_matches()
}

/// Ignores variables with an empty value, which compose files and scripts often set, and flags that are switched off:
/// either counts as not set.
fn without_unset_variables(command: Command) -> Command {
    let is_unset = |arg: &Arg| {
        let value = arg.get_env().and_then(std::env::var_os);
        let is_flag = matches!(arg.get_action(), ArgAction::SetTrue);
        value.is_some_and(|value| value.is_empty() || is_flag && (value == "false" || value == "0" || value == "no"))
    };
    command
        .mut_args(|arg| if is_unset(&arg) { arg.env(None::<&str>) } else { arg })
        .mut_subcommands(without_unset_variables)
}

/// Ignores the variables of options that conflict with an option on the command line.
fn without_overridden_variables(command: Command, given: &ArgMatches) -> Command {
    let is_given = |arg: &&Arg| given.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let conflicts = command.get_arguments().filter(is_given).flat_map(|arg| command.get_arg_conflicts_with(arg));
    let overridden: Vec<Id> = conflicts.map(|arg| arg.get_id().clone()).collect();
    let command = command.mut_args(|arg| if overridden.contains(arg.get_id()) { arg.env(None::<&str>) } else { arg });
    command.mut_subcommands(|subcommand| match given.subcommand() {
        Some((name, given)) if name == subcommand.get_name() => without_overridden_variables(subcommand, given),
        _ => subcommand,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn conflicts(command: &Command) -> BTreeSet<(String, String)> {
        let id = |arg: &Arg| arg.get_id().to_string();
        let pairs = |arg| command.get_arg_conflicts_with(arg).into_iter().map(move |other| (id(arg), id(other)));
        command.get_arguments().flat_map(pairs).chain(command.get_subcommands().flat_map(conflicts)).collect()
    }

    /// A pair that is added here needs a test in `tests/integration/commands/environment.rs`.
    #[test]
    fn conflicts_are_known_and_declared_by_both_options() {
        let found = conflicts(&crate::cli::definition());
        let expected = [
            ("accept_any", "allow_peer"),
            ("bits", "key"),
            ("csv", "input"),
            ("decimal_comma", "decimal_point"),
            ("file", "message"),
            ("passphrase", "passphrase_file"),
            ("retry", "watch"),
            ("server_ca", "server_certificate"),
            ("server_ca", "server_fingerprint"),
            ("server_certificate", "server_fingerprint"),
        ];
        let both = expected.into_iter().flat_map(|(one, other)| [(one, other), (other, one)]);
        assert_eq!(found, both.map(|(one, other)| (one.to_owned(), other.to_owned())).collect());
    }
}
