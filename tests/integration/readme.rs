//! The README's commands, as written: every `console` block is typed into a shell, in order, and prints what it says.

use std::path::Path;
use std::process::Command;

/// A command of the README and what it says the command prints.
struct Step {
    command: String,
    expected: Vec<String>,
}

fn steps(readme: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let blocks = readme.split("\n```").filter_map(|block| block.strip_prefix("console\n"));
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { command: command.into(), expected: Vec::new() }),
            (None, Some(step)) => step.expected.push(line.into()),
            (None, None) => panic!("output before any command: {line}"),
        }
    }
    steps
}

/// Whether `line` is what `pattern` says, where `…` stands for anything; spaces at the end do not count.
fn matches(pattern: &str, line: &str) -> bool {
    let (pattern, line) = (pattern.trim_end(), line.trim_end());
    match pattern.split_once('…') {
        None => pattern == line,
        Some((head, tail)) => line.strip_prefix(head).is_some_and(|rest| {
            let starts = rest.char_indices().map(|(start, _)| start).chain([rest.len()]);
            starts.into_iter().any(|start| matches(tail, &rest[start..]))
        }),
    }
}

fn run(step: &Step, house: &Path) {
    let program = Path::new(env!("CARGO_BIN_EXE_hestat")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", &step.command])
        .current_dir(house)
        .env("PATH", path)
        .env("HESTAT_STATE", house.join("state"))
        .output()
        .unwrap();
    let (out, error) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "{}\n{out}{error}", step.command);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), step.expected.len(), "{}\n{out}", step.command);
    for (pattern, line) in step.expected.iter().zip(lines) {
        assert!(matches(pattern, line), "{}\nexpected: {pattern}\n   found: {line}", step.command);
    }
}

#[test]
fn the_commands_of_the_readme_print_what_it_says() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let steps = steps(&readme);
    assert!(steps.len() >= 8, "only {} commands found", steps.len());
    let house = tempfile::tempdir().unwrap();
    for step in &steps {
        run(step, house.path());
    }
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
