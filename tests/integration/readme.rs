//! The `console` blocks of README.md, docs/SERVERS.md and docs/SCENARIOS.md: each command is typed into a shell, in order, and
//! must print the lines below it.

mod terminals;

use std::path::Path;

use terminals::{Shown, Terminals};

use crate::ports::free_port;

/// A command of a document and what it says the command prints.
pub(crate) struct Step {
    /// Who types it.
    pub(crate) prompt: &'static str,
    pub(crate) command: String,
    pub(crate) expected: Vec<String>,
}

const READER: &str = "$ ";
const OBSERVER: &str = "observer$ ";
/// What is typed there goes on as long as the document does.
const SERVER: &str = "server$ ";
const CLIENT: &str = "client$ ";
const NODE_1: &str = "node1$ ";
const NODE_2: &str = "node2$ ";

/// In place of a command: the one before at this prompt goes on until here, and shows these lines next.
const GOES_ON: &str = "…";

/// The section of README.md whose commands `containers::tour` types.
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

/// The commands in a part of a document that are typed by these.
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

/// Whether `line` is what `pattern` says, where `…` stands for anything; spaces at the end do not count.
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

/// Types all of these steps, in a folder of their own.
fn follow(steps: &[Step], shown: Shown) {
    let mut terminals = Terminals::new(shown);
    for (step, later) in steps.iter().zip(1..).map(|(step, next)| (step, &steps[next..])) {
        let next = later.iter().find(|later| later.prompt == step.prompt);
        terminals.follow(step, step.prompt == SERVER || next.is_some_and(|next| next.command == GOES_ON));
    }
}

/// A document with a free port in place of its own, which may be in use on this machine.
fn with_free_port(document: &str, port: u16) -> String {
    document.replace(&format!(":{port}"), &format!(":{}", free_port()))
}

#[test]
fn the_commands_of_the_readme_print_what_it_says() {
    let steps = steps(&with_free_port(&readme().0, 2121), &[READER, SERVER]);
    assert!(steps.len() >= 8, "only {} commands found", steps.len());
    follow(&steps, Shown::Results);
}

#[test]
fn the_commands_of_the_servers_page_print_what_it_says() {
    let steps = steps(&with_free_port(&document("docs/SERVERS.md"), 2121), &[READER, OBSERVER, SERVER]);
    assert!(steps.len() >= 11, "only {} commands found", steps.len());
    follow(&steps, Shown::Results);
}

#[test]
fn the_commands_of_the_scenarios_print_what_it_says() {
    let steps =
        steps(&with_free_port(&document("docs/SCENARIOS.md"), 7100), &[READER, OBSERVER, CLIENT, NODE_1, NODE_2]);
    assert!(steps.len() >= 30, "only {} commands found", steps.len());
    follow(&steps, Shown::Everything);
}

#[test]
fn patterns_match_what_they_say() {
    for (pattern, line, expected) in [
        ("job …", "job 12", true),
        ("job … computed", "job 12 computed", true),
        ("job … computed", "job 12 failed", false),
        ("a", "ab", false),
        ("─…", "────", true),
        ("the key is in … and nowhere else", "the key is in /x and nowhere else", true),
    ] {
        assert_eq!(matches(pattern, line), expected, "{pattern} / {line}");
    }
}
