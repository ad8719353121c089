//! Runs the commands of README.md's section on containers and of docs/CONTAINERS.md as written.

use std::time::Instant;

use super::checkout::Checkout;
use super::environment;
use crate::readme::{Step, document, matches, readme, steps};
use crate::sandbox::{Terminal, wait_until};

const HOST: &str = "$ ";
const PROMPTS: [&str; 4] = [HOST, "client$ ", "server$ ", "lftp> "];

/// Executes the documented commands, at the host's prompt or in a container's shell.
struct CommandRunner {
    checkout: Checkout,
    session: Option<Terminal>,
}

impl CommandRunner {
    fn execute(&mut self, step: &Step) {
        match self.session.take() {
            None if step.command.starts_with("docker exec -it") => self.open_shell(step),
            None => {
                let output = self.checkout.command("sh", &["-c", &step.command]).output().unwrap();
                let (out, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
                assert!(output.status.success(), "{}\n{out}{error}", step.command);
                assert_shows(step, &out);
            }
            Some(session) if step.command == "exit" => {
                session.type_keys("exit\n");
                assert_eq!(session.end().0, Some(0));
            }
            Some(session) => {
                let before = session.shown().len();
                session.type_keys(&format!("{}\n", step.command));
                wait_until(&step.command, || is_at_prompt(&session.shown()[before..]));
                assert_shows(step, &session.shown()[before..]);
                self.session = Some(session);
            }
        }
    }

    fn open_shell(&mut self, step: &Step) {
        let words: Vec<&str> = step.command.split(' ').collect();
        let session = Terminal::start_wholly(&self.checkout.command(words[0], &words[1..]));
        wait_until("a shell", || session.shown().ends_with("$ "));
        self.session = Some(session);
    }
}

/// Returns whether a command line has been echoed and the next prompt is shown.
fn is_at_prompt(shown: &str) -> bool {
    shown.contains('\n') && ["$ ", "> "].iter().any(|prompt| shown.ends_with(prompt))
}

/// Asserts that the expected lines are shown in their order. On a terminal, notices and progress may appear between
/// them, and before them on the same line.
#[track_caller]
fn assert_shows(Step { command, expected, .. }: &Step, shown: &str) {
    let mut lines = shown.lines().map(|line| line.trim_end_matches('\r'));
    for pattern in expected {
        assert!(lines.any(|line| matches(&format!("…{pattern}"), line)), "{command}\nno {pattern:?} in:\n{shown}");
    }
}

#[test]
#[ignore = "needs a container engine"]
fn the_commands_of_the_documentation_print_what_it_says() {
    let checkout = Checkout::new();
    let documents = format!("{}\n{}", readme().1, document("docs/CONTAINERS.md"));
    let steps = steps(&documents.replace(environment::DEFAULT_NETWORK, checkout.network()), &PROMPTS);
    assert!(steps.len() >= 20, "only {} commands found", steps.len());
    let mut runner = CommandRunner { checkout, session: None };
    let start = Instant::now();
    for step in &steps {
        let seconds = start.elapsed().as_secs();
        eprintln!("{seconds:4} s  {}{}", step.prompt, step.command);
        runner.execute(step);
    }
    assert_eq!(std::fs::read_to_string(runner.checkout.at("data/server/test.txt")).unwrap(), "test\n");
    let results = std::fs::read_to_string(runner.checkout.at("data/client/decrypted_results.csv")).unwrap();
    assert_eq!(results.lines().count(), 17, "{results}");
}
