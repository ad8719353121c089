//! Generates the command reference, `docs/CLI.md`, from the definition of the command line.

use std::borrow::Cow;

use clap::builder::StyledStr;
use clap::{Arg, Command};

const TITLE: &str = "\
# Command reference

This file is generated from the definitions in `src/cli`; do not edit it. An option on the command line takes precedence
over its environment variable, and over the variables of options that conflict with it. An empty variable counts as not
set.";

/// Returns the reference as Markdown. The text does not depend on the machine or the environment.
pub fn markdown() -> String {
    let mut root = super::definition();
    root.build();
    let mut text = format!("{TITLE}\n");
    write_command(&mut text, &root, "Options of all commands");
    for command in descendants(&root) {
        write_command(&mut text, command, "Options");
    }
    text
}

/// The subcommands of a command, each followed by its own subcommands.
fn descendants(command: &Command) -> Vec<&Command> {
    subcommands(command).flat_map(|command| [vec![command], descendants(command)].concat()).collect()
}

fn subcommands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| command.get_name() != "help")
}

fn write_command(text: &mut String, command: &Command, options_heading: &str) {
    let name = name(command);
    let about = plain(command.get_long_about().or(command.get_about()));
    let usage = command.clone().render_usage();
    push(text, &format!("## {name}\n\n{about}\n\n```text\n{usage}\n```"));
    push(text, &subcommands(command).map(link).collect::<Vec<_>>().join("\n"));
    // Global options are described once, at the root.
    let is_root = name == "hestat";
    let is_shown = |arg: &&Arg| is_root || !arg.is_global_set() && !is_built_in(arg);
    let (positional, options): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(is_shown).partition(|arg| arg.is_positional());
    write_arguments(text, "Arguments", &positional);
    write_options(text, options_heading, &options);
    push(text, &format!("```text\n{}\n```", plain(command.get_after_help())));
}

/// Writes the options by their headings, first those without one.
fn write_options(text: &mut String, default_heading: &str, options: &[&Arg]) {
    let mut headings = vec![None];
    for arg in options {
        if !headings.contains(&arg.get_help_heading()) {
            headings.push(arg.get_help_heading());
        }
    }
    for heading in headings {
        let group: Vec<&Arg> = options.iter().copied().filter(|arg| arg.get_help_heading() == heading).collect();
        write_arguments(text, heading.unwrap_or(default_heading), &group);
    }
}

/// Appends a paragraph, unless it is empty.
fn push(text: &mut String, paragraph: &str) {
    if !paragraph.is_empty() {
        text.extend(["\n", paragraph, "\n"]);
    }
}

fn name(command: &Command) -> &str {
    command.get_bin_name().unwrap_or(command.get_name())
}

fn link(command: &Command) -> String {
    let name = name(command);
    format!("- [{name}](#{}): {}", name.replace(' ', "-"), plain(command.get_about()))
}

fn is_built_in(arg: &Arg) -> bool {
    ["help", "version"].contains(&arg.get_id().as_str())
}

fn write_arguments(text: &mut String, heading: &str, arguments: &[&Arg]) {
    let list: Vec<String> = arguments.iter().map(|arg| item(arg)).collect();
    if !list.is_empty() {
        push(text, &format!("**{heading}**\n\n{}", list.join("\n")));
    }
}

/// Describes an argument in one line: its help text, values, default and environment variable.
fn item(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    let help = plain(arg.get_help()).replace('\n', " ").replace('<', "\\<");
    let mut sentences = vec![format!("- `{short}{arg}`: {help}.")];
    if arg.get_action().takes_values() {
        let values = arg.get_possible_values();
        sentences.extend(note("Values", values.iter().map(|value| value.get_name().into())));
        sentences.extend(note("Default", arg.get_default_values().iter().map(|value| value.to_string_lossy())));
    }
    sentences.extend(note("Variable", arg.get_env().iter().map(|name| name.to_string_lossy())));
    sentences.join(" ")
}

/// A labelled list, unless it is empty.
fn note<'a>(label: &str, values: impl Iterator<Item = Cow<'a, str>>) -> Option<String> {
    let values: Vec<String> = values.map(|value| format!("`{value}`")).collect();
    (!values.is_empty()).then(|| format!("{label}: {}.", values.join(", ")))
}

fn plain(text: Option<&StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}
