//! The `console` blocks of README.md, docs/SERVERS.md and docs/SCENARIOS.md. Each command runs in a shell, in order,
//! and must print the lines below it.

mod terminals;

use std::path::Path;

use terminals::{Shown, Terminals};

use crate::ports::free_port;

/// A command in a document and its expected output.
pub(crate) struct Step {
    /// The prompt before it, which identifies the terminal.
    pub(crate) prompt: &'static str,
    pub(crate) command: String,
    pub(crate) expected: Vec<String>,
}

/// The prompts of the terminals in the documents.
const READER: &str = "$ ";
const OBSERVER: &str = "observer$ ";
/// Commands at this prompt run until the end of the document.
const SERVER: &str = "server$ ";
const CLIENT: &str = "client$ ";
const NODE_1: &str = "node1$ ";
const NODE_2: &str = "node2$ ";

/// Stands for a command: the previous one at this prompt is still running and prints the following lines next.
const CONTINUED: &str = "…";

/// The section of README.md whose commands `containers::documentation` runs.
const CONTAINERS: &str = "\n## Containers\n";

/// README.md without that section, and the section.
pub(crate) fn readme() -> (String, String) {
    let readme = document("README.md");
    let (before, rest) = readme.split_once(CONTAINERS).unwrap();
    let (section, after) = rest.split_at(rest.find("\n## ").unwrap());
    (format!("{before}{after}"), section.to_owned())
}

pub(crate) fn document(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The commands at these prompts in a document, or in a part of one.
pub(crate) fn steps(document: &str, prompts: &[&'static str]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let blocks = document.split("\n```").filter_map(|block| block.strip_prefix("console\n"));
    for line in blocks.flat_map(str::lines) {
        let typed = prompts.iter().find_map(|prompt| Some((prompt, line.strip_prefix(prompt)?)));
        match (typed, steps.last_mut()) {
            (Some((prompt, command)), _) => {
                steps.push(Step { prompt, command: command.into(), expected: Vec::new() });
            }
            (None, Some(step)) => step.expected.push(line.into()),
            (None, None) => panic!("output before any command: {line}"),
        }
    }
    steps
}

/// Whether `line` matches `pattern`, where `…` stands for any text; trailing spaces are ignored.
pub(crate) fn matches(pattern: &str, line: &str) -> bool {
    let (pattern, line) = (pattern.trim_end(), line.trim_end());
    match pattern.split_once('…') {
        None => pattern == line,
        Some((head, tail)) => line.strip_prefix(head).is_some_and(|rest| {
            let starts = rest.char_indices().map(|(start, _)| start).chain([rest.len()]);
            starts.into_iter().any(|start| matches(tail, &rest[start..]))
        }),
    }
}

/// Runs all of these steps in a new directory.
fn run_steps(steps: &[Step], shown: Shown) {
    let mut terminals = Terminals::new(shown);
    for (step, later) in steps.iter().zip(1..).map(|(step, next)| (step, &steps[next..])) {
        let next = later.iter().find(|later| later.prompt == step.prompt);
        terminals.run(step, step.prompt == SERVER || next.is_some_and(|next| next.command == CONTINUED));
    }
}

/// Replaces the port of a document, which may be in use on this machine, with a free one.
fn with_free_port(document: &str, port: u16) -> String {
    document.replace(&format!(":{port}"), &format!(":{}", free_port()))
}

#[test]
fn the_commands_of_the_readme_print_the_documented_output() {
    let steps = steps(&with_free_port(&readme().0, 2121), &[READER, SERVER]);
    assert!(steps.len() >= 8, "only {} commands found", steps.len());
    run_steps(&steps, Shown::Results);
}

#[test]
fn the_commands_of_the_servers_page_print_the_documented_output() {
    let steps = steps(&with_free_port(&document("docs/SERVERS.md"), 2121), &[READER, OBSERVER, SERVER]);
    assert!(steps.len() >= 11, "only {} commands found", steps.len());
    run_steps(&steps, Shown::Results);
}

#[test]
fn the_commands_of_the_scenarios_page_print_the_documented_output() {
    let steps =
        steps(&with_free_port(&document("docs/SCENARIOS.md"), 7100), &[READER, OBSERVER, CLIENT, NODE_1, NODE_2]);
    assert!(steps.len() >= 30, "only {} commands found", steps.len());
    run_steps(&steps, Shown::Everything);
}

#[test]
fn an_ellipsis_matches_any_text() {
    for (pattern, line, expected) in [
        ("job …", "job 12", true),
        ("job … computed", "job 12 computed", true),
        ("job … computed", "job 12 failed", false),
        ("a", "ab", false),
        ("─…", "────", true),
        ("the key is in … and only there", "the key is in /x and only there", true),
    ] {
        assert_eq!(matches(pattern, line), expected, "{pattern} / {line}");
    }
}
