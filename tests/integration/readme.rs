//! The README's commands, as written: every `console` block is typed into a shell, in order, and prints what it says.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A command of the README and what it says the command prints.
pub(crate) struct Step {
    /// Who types it.
    pub(crate) prompt: &'static str,
    pub(crate) command: String,
    pub(crate) expected: Vec<String>,
}

const READER: &str = "$ ";
const ONLOOKER: &str = "onlooker$ ";
/// The command goes on while the others are typed.
const SERVER: &str = "server$ ";

/// Where another test begins: `containers::tour`.
pub(crate) const CONTAINERS: &str = "\n## In containers\n";

pub(crate) fn readme() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The commands in a part of the README that are typed by these.
pub(crate) fn steps(readme: &str, prompts: &[&'static str]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let blocks = readme.split("\n```").filter_map(|block| block.strip_prefix("console\n"));
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

/// The reader's terminals, in one folder.
struct Terminals {
    folder: tempfile::TempDir,
    /// What was exported, for all commands after it.
    exports: String,
    servers: Vec<Child>,
}

impl Terminals {
    fn shell(&self, command: &str) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_hestat")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{}{command}", self.exports)]).current_dir(self.folder.path());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HESTAT_")) {
            shell.env_remove(name);
        }
        shell.env("PATH", path).env("HESTAT_STATE", self.folder.path().join("state"));
        shell
    }

    fn run(&mut self, step: &Step) {
        if step.command.starts_with("export ") {
            self.exports.extend([&step.command, "; "]);
            return;
        }
        let lines = if step.prompt == SERVER { self.serve(step) } else { self.print(step) };
        assert_eq!(lines.len(), step.expected.len(), "{}\n{lines:?}", step.command);
        for (pattern, line) in step.expected.iter().zip(lines) {
            assert!(matches(pattern, &line), "{}\nexpected: {pattern}\n   found: {line}", step.command);
        }
    }

    fn print(&self, step: &Step) -> Vec<String> {
        let output = self.shell(&step.command).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{out}{error}", step.command);
        out.lines().map(str::to_owned).collect()
    }

    /// What the server says when it begins; it has said it all when clients can come.
    fn serve(&mut self, step: &Step) -> Vec<String> {
        let mut shell = self.shell(&format!("exec {}", step.command));
        let mut server = shell.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(server.stdout.take().unwrap()).lines().take(step.expected.len());
        let lines = lines.map(Result::unwrap).collect();
        self.servers.push(server);
        lines
    }
}

impl Drop for Terminals {
    fn drop(&mut self) {
        for server in &mut self.servers {
            drop(server.kill().and_then(|()| server.wait()));
        }
    }
}

#[test]
fn the_commands_of_the_readme_print_what_it_says() {
    let readme = readme();
    let (before, rest) = readme.split_once(CONTAINERS).unwrap();
    let after = rest.find("\n## ").map_or("", |end| &rest[end..]);
    // The README's port may be in use on this machine.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let steps = steps(&format!("{before}{after}").replace(":2121", &format!(":{port}")), &[READER, ONLOOKER, SERVER]);
    assert!(steps.len() >= 14, "only {} commands found", steps.len());
    let mut terminals = Terminals { folder: tempfile::tempdir().unwrap(), exports: String::new(), servers: Vec::new() };
    for step in &steps {
        terminals.run(step);
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
