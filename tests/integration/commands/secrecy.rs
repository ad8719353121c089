//! The state is private to its owner, and the server has neither keys nor column names.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use hestat::keystore::KeyStore;

use crate::sandbox::{CommandOutput, Sandbox, everything, path};

/// Column names that do not occur by chance.
const CSV: &str = "unmistakable_name,another_unmistakable_name,left_out_unmistakable_name\n1,2,x\n3,4,y\n5,6,z\n";
const NAMES: [&[u8]; 2] = [b"unmistakable_name", b"unmistakable"];

/// Runs a command with a umask that denies no permission.
fn without_mask(sandbox: &Sandbox, arguments: &[&str]) -> CommandOutput {
    let command = sandbox.command(arguments);
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(sandbox.work()).output().unwrap().into()
}

#[track_caller]
fn assert_private(state: &Path) {
    let all = everything(state);
    assert!(!all.is_empty());
    for path in all.iter().map(std::path::PathBuf::as_path).chain([state]) {
        let meta = fs::symlink_metadata(path).unwrap();
        let expected = if meta.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(meta.permissions().mode() & 0o777, expected, "{}", path.display());
    }
}

#[test]
fn the_state_is_private() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", CSV);
    let url = sandbox.url();
    let init = ["init", "--input", path(&csv), "--server", &url];
    // A failed upload leaves the ciphertext in the state.
    with_broken_inbox(&sandbox, || without_mask(&sandbox, &init).expect_code(6));
    let job = sandbox.jobs().concat();
    assert!(sandbox.state().join("jobs").join(&job).join("dataset.hes").exists());
    assert_private(&sandbox.state());
    without_mask(&sandbox, &["init", "--resume", &job]).expect_code(0);
    assert_private(&sandbox.state());
    sandbox.compute().expect_code(0);
    without_mask(&sandbox, &["result"]).expect_code(0);
    assert_private(&sandbox.state());
    without_mask(&sandbox, &init).expect_code(0);
    without_mask(&sandbox, &["forget", &job]).expect_code(0);
    assert_private(&sandbox.state());
}

fn with_broken_inbox(sandbox: &Sandbox, work: impl FnOnce() -> CommandOutput) {
    let inbox = sandbox.server().join("inbox");
    fs::write(&inbox, "not a directory").unwrap();
    work();
    fs::remove_file(&inbox).unwrap();
}

#[test]
fn the_server_has_neither_key_nor_names() {
    let sandbox = Sandbox::new();
    let job = sandbox.init(&sandbox.write("data.csv", CSV));
    let secrets = KeyStore::new(sandbox.state()).open(job.parse().unwrap()).unwrap().secrets(None).unwrap();
    let key = secrets.key.pack();
    let mut needles: Vec<&[u8]> = key.expose().chunks(16).collect();
    needles.extend(NAMES);
    // The same search finds them in the client's state.
    let secrets = fs::read(sandbox.state().join("jobs").join(&job).join("secrets.hes")).unwrap();
    assert!(needles.iter().all(|needle| contains(&secrets, needle)));
    for keep in ["true", "false"] {
        assert_contains_none(&needles, &sandbox.server());
        let output =
            sandbox.command(["compute", "--data", path(&sandbox.server())]).env("HESTAT_KEEP", keep).output().unwrap();
        CommandOutput::from(output).expect_code(0);
        assert_contains_none(&needles, &sandbox.server());
    }
    sandbox.succeed(["result"]);
    assert_contains_none(&needles, &sandbox.server());
}

#[track_caller]
fn assert_contains_none(needles: &[&[u8]], directory: &Path) {
    let files: Vec<_> = everything(directory).into_iter().filter(|file| file.is_file()).collect();
    assert!(!files.is_empty());
    for file in files {
        let name = file.to_str().unwrap().as_bytes().to_vec();
        let content = fs::read(&file).unwrap();
        let found = needles.iter().position(|needle| contains(&content, needle) || contains(&name, needle));
        assert_eq!(found, None, "a secret is in {}", file.display());
    }
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn every_job_has_its_own_key() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", CSV);
    let keys: Vec<Vec<u8>> = (0..3)
        .map(|_| sandbox.init(&csv))
        .map(|job| {
            let secrets = KeyStore::new(sandbox.state()).open(job.parse().unwrap()).unwrap().secrets(None).unwrap();
            secrets.key.pack().expose().to_vec()
        })
        .collect();
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
    assert!(keys.iter().all(|key| key.iter().any(|byte| *byte != 0)));
}
