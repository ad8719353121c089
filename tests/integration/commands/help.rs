//! The help texts, and what they promise.

use crate::sandbox::Sandbox;

/// All commands and subcommands, from the lists in the help texts.
fn commands(sandbox: &Sandbox) -> Vec<Vec<String>> {
    let subcommands = |parent: Vec<String>| {
        let names = listed(&sandbox.succeed(parent.iter().map(String::as_str).chain(["--help"])).stdout);
        names.into_iter().map(move |name| [&parent[..], &[name]].concat()).collect::<Vec<_>>()
    };
    let top = subcommands(Vec::new());
    top.into_iter().flat_map(|command| [vec![command.clone()], subcommands(command)].concat()).collect()
}

/// The commands that a help text lists.
fn listed(help: &str) -> Vec<String> {
    let list = help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).unwrap_or_default();
    let name = |line: &str| line.split_whitespace().next().unwrap().to_owned();
    let all = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("    "));
    all.map(name).filter(|name| name != "help").collect()
}

/// The options and arguments of a help text, each with its description.
fn options(help: &str) -> Vec<String> {
    let mut options: Vec<String> = Vec::new();
    let begins = |line: &str| {
        let indent = line.len() - line.trim_start().len();
        (indent == 2 || indent == 6)
            && (line.trim_start().starts_with('-') || line.trim_start().starts_with(['<', '[']))
    };
    for line in help.lines().skip_while(|line| !["Arguments:", "Options:"].contains(line)) {
        match options.last_mut() {
            _ if begins(line) => options.push(line.trim().to_owned()),
            Some(option) if !line.starts_with("Example") => *option += &["\n", line].concat(),
            _ => {}
        }
    }
    options
}

/// Options without a variable. Plain FTP must be requested each time.
const WITHOUT_VARIABLE: [&str; 3] = ["--help", "--version", "--insecure-plain-ftp"];

/// The arguments of `hestat init` and `hestat run` have the variable of --input.
const CSV_ARGUMENT: &str = "[CSV]";

#[test]
fn every_flag_has_an_environment_variable() {
    let sandbox = Sandbox::new();
    let commands = commands(&sandbox);
    assert!(commands.len() >= 10, "{commands:?}");
    for command in commands {
        let help = sandbox.succeed(command.iter().map(String::as_str).chain(["--help"])).stdout;
        let command = command.join(" ");
        let options = options(&help);
        let flags = help.lines().filter(|line| line.trim_start().starts_with('-')).count();
        assert!(options.len() >= flags && flags >= 3, "{command}: the test cannot parse its help");
        for option in options
            .iter()
            .filter(|option| !WITHOUT_VARIABLE.iter().chain([&CSV_ARGUMENT]).any(|name| option.contains(name)))
        {
            let words = option.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains("[env: HESTAT_"), "hestat {command}: no environment variable for {option}");
        }
    }
}

#[test]
fn help_shows_an_example() {
    let sandbox = Sandbox::new();
    for command in commands(&sandbox) {
        for help in ["--help", "-h"] {
            let text = sandbox.succeed(command.iter().map(String::as_str).chain([help])).stdout;
            let command = command.join(" ");
            assert!(text.contains(&format!("Example:\n  hestat {command}")), "hestat {command} {help}");
        }
    }
    assert!(sandbox.succeed(["--help"]).stdout.contains("Getting started:\n  hestat sample"));
}

#[test]
fn the_environment_can_replace_all_options() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", super::TABLE);
    let run = |command: &str, variables: &[(&str, &str)]| {
        let output = sandbox.command([command]).envs(variables.iter().copied()).output().unwrap();
        crate::sandbox::CommandOutput::from(output).expect_code(0)
    };
    let url = sandbox.url();
    let variables = [
        ("HESTAT_INPUT", crate::sandbox::path(&csv)),
        ("HESTAT_SERVER", &url),
        ("HESTAT_COLUMNS", "weight"),
        ("HESTAT_QUIET", "true"),
    ];
    assert_eq!(run("init", &variables).stderr, "");
    run("compute", &[("HESTAT_DATA", crate::sandbox::path(&sandbox.server())), ("HESTAT_KEEP", "no")]);
    let variables = [
        ("HESTAT_JOB", sandbox.jobs()[0].as_str()),
        ("HESTAT_OUTPUT", "o.csv"),
        ("HESTAT_JSON", "1"),
        ("HESTAT_CHECK", "data.csv"),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(run("result", &variables).json()["check"]["differences"], serde_json::json!([]));
    assert!(sandbox.read("o.csv").contains("weight,3,0,15,5,13,"));
}

#[test]
fn help_lists_the_exit_codes() {
    let help = Sandbox::new().succeed(["--help"]).stdout;
    for code in [
        "0  success",
        "1  statistics differ",
        "2  invalid usage",
        "3  the CSV file cannot be used",
        "4  the result is not ready",
        "5  no such job, or a key cannot be used",
        "6  other server error",
        "7  the server's totals failed the check",
        "8  local file, disk or directory error",
        "9  damaged or unknown .hes file",
        "10  a job failed",
        "11  cannot connect to the server or peer",
        "12  the server or peer timed out",
        "13  the server rejected the password",
        "14  unknown server certificate or peer key",
        "15  changed server certificate or peer key",
        "16  the server does not support TLS",
        "17  the server or peer denied access",
        "18  the server's disk is full",
        "19  the server's storage quota is exceeded",
        "20  the server or peer violated the protocol",
        "21  the port to listen on is in use",
        "22  no node was available in time",
        "23  other users can change keys",
        "130  stopped",
    ] {
        assert!(help.contains(code), "no {code:?} in {help}");
    }
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let sandbox = Sandbox::new();
    let input = sandbox.write("data.csv", "a\n1\n2\n");
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_hestat"));
    let mut command = std::process::Command::new(program);
    for name in
        ["QUIET", "JSON", "STATE", "COLUMNS", "EXCLUDE", "STATISTICS", "DELIMITER", "HEADER", "MISSING", "OUTPUT"]
    {
        command.env(format!("HESTAT_{name}"), "");
    }
    command.current_dir(input.parent().unwrap()).env("HESTAT_INPUT", &input);
    assert!(command.args(["run", "--check"]).status().unwrap().success());
    assert!(sandbox.read("decrypted_results.csv").contains("a,2,0,3,1.5,0.5,"));
}
