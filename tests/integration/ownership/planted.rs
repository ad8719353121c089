//! Files in the state that another user has planted, or could plant.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use hestat::crypto::RsaBits;
use hestat::foundation::ownership::OwnershipError;
use hestat::foundation::random;
use hestat::keystore::{KeyFiles, KeyStore, KeyStoreError};

use super::{OTHER_USER, assert_refused, give, set_mode};
use crate::sandbox::{CommandOutput, Sandbox, TestServer, entries, is_root, path, skip, wrapped};

const TABLE: &str = "a\n1\n2\n";

/// A sandbox with a computed job, and the directory of that job in the state.
fn computed() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let job = sandbox.init(&sandbox.write("data.csv", TABLE));
    sandbox.compute().expect_code(0);
    let directory = sandbox.state().join("jobs").join(job);
    (sandbox, directory)
}

/// Fails unless the command is refused while `path` belongs to another user.
#[track_caller]
fn refused_while_planted(path: &Path, run: impl FnOnce() -> CommandOutput) {
    give(path, OTHER_USER);
    assert_refused(run(), path, "chown 0").says(&["belongs to another user", &format!("owner {OTHER_USER}, mode 0")]);
    give(path, 0);
}

#[test]
fn a_planted_job() {
    if !is_root() {
        return skip("only root can give files to other users");
    }
    let (sandbox, job) = computed();
    let result = || sandbox.run(["result"]);
    for name in ["job.json", "secrets.hes"] {
        refused_while_planted(&job.join(name), || sandbox.run(["result", path(job.file_name().unwrap().as_ref())]));
    }
    refused_while_planted(&job, || sandbox.run(["result", path(job.file_name().unwrap().as_ref())]));
    give(&job, OTHER_USER);
    let listed = sandbox.succeed(["jobs"]).stdout;
    assert!(listed.contains("belongs to another user"), "{listed}");
    give(&job, 0);
    let link = sandbox.state().join("jobs/link");
    fs::rename(&job, &link).unwrap();
    symlink(&link, &job).unwrap();
    refused_while_planted_link(&job, || sandbox.run(["result", path(job.file_name().unwrap().as_ref())]));
    result().expect_code(0);
}

/// The owner of a mount point can replace it while the client waits for the server. The owner of the files reveals
/// that.
#[test]
fn a_key_that_is_planted_after_the_job_was_opened() {
    if !is_root() {
        return skip("only root can give files to other users");
    }
    let (sandbox, directory) = computed();
    let id = directory.file_name().unwrap().to_str().unwrap().parse().unwrap();
    let job = KeyStore::new(sandbox.state()).open(id).unwrap();
    give(&directory.join("secrets.hes"), OTHER_USER);
    let error = job.secrets(None).unwrap_err();
    assert!(
        matches!(&error, KeyStoreError::Io { source, .. } if OwnershipError::inside(source).is_some()),
        "{error:?}"
    );
}

#[track_caller]
fn refused_while_planted_link(link: &Path, run: impl FnOnce() -> CommandOutput) {
    std::os::unix::fs::lchown(link, Some(OTHER_USER), None).unwrap();
    assert_refused(run(), link, "chown -h 0");
    std::os::unix::fs::lchown(link, Some(0), None).unwrap();
}

#[test]
fn a_list_of_forgotten_jobs() {
    if !is_root() {
        return skip("only root can give files to other users");
    }
    let (sandbox, job) = computed();
    let name = path(job.file_name().unwrap().as_ref()).to_owned();
    sandbox.succeed(["forget", &name]);
    refused_while_planted(&sandbox.state().join("forgotten"), || sandbox.run(["result", &name]));
}

#[test]
fn a_planted_list_of_known_servers() {
    if !is_root() {
        return skip("only root can give files to other users");
    }
    let served = TestServer::new(&[]);
    let sandbox = &served.sandbox;
    let ping = || sandbox.run(["ping", "--server", served.url(), "--password-file", served.password_file()]);
    fs::create_dir(sandbox.state()).unwrap();
    set_mode(&sandbox.state(), 0o700);
    let known = sandbox.state().join("known_servers");
    fs::write(&known, format!("{} {}\n", served.address(), served.fingerprint())).unwrap();
    refused_while_planted(&known, ping);
    refused_while_planted(&sandbox.state(), ping);
    ping().expect_code(0);
    assert_eq!(served.log().matches("logged in").count(), 1, "no password reached the server: {}", served.log());
}

#[test]
fn a_planted_identity_and_a_planted_rsa_key() {
    if !is_root() {
        return skip("only root can give files to other users");
    }
    let sandbox = Sandbox::new();
    let mut random = random::from_system().unwrap();
    let keys = KeyFiles::new(sandbox.state());
    keys.new_identity("fog-client", None, &mut random).unwrap();
    let (_, rsa, _) = keys.rsa_or_new("fog-client-2048", RsaBits::Rsa2048, None, &mut random).unwrap();
    let client = || {
        let arguments =
            ["--listen", "127.0.0.1:0", "--accept-any", "--message", "m", "--timeout", "1", "--bits", "2048"];
        sandbox.run(["fog", "client", "--quiet", "--out", "out"].into_iter().chain(arguments))
    };
    refused_while_planted(&rsa, client);
    refused_while_planted(&rsa.with_extension("pub"), client);
    let identity = keys.identity_file("fog-client").unwrap();
    refused_while_planted(&identity, client);
    refused_while_planted(&identity, || sandbox.run(["identity", "show", "fog-client"]));
    refused_while_planted(&sandbox.state().join("rsa"), client);
    client().expect_code(22);
}

#[test]
fn a_planted_certificate_and_a_planted_password_of_a_server() {
    if !is_root() {
        return skip("only root can give files to other users");
    }
    let sandbox = Sandbox::new();
    let prepare = || sandbox.run(["serve", "--prepare", "--data", "data", "--server-state", "state"]);
    prepare().expect_code(0);
    for name in ["certificate.pem", "key.pem", "password", ".lock"] {
        refused_while_planted(&sandbox.file("state").join(name), prepare);
    }
    refused_while_planted(&sandbox.file("state"), prepare);
    prepare().expect_code(0);
}

#[test]
fn a_state_that_others_can_write_to() {
    let (sandbox, job) = computed();
    fs::create_dir(sandbox.state().join("identities")).unwrap();
    let own = |names: &[&str]| names.iter().map(|name| sandbox.state().join(name)).collect::<Vec<_>>();
    let init = ["init", "--input", "data.csv", "--server", &sandbox.url()];
    let job_name = path(job.file_name().unwrap().as_ref()).to_owned();
    let commands: [(&[&str], Vec<PathBuf>); 6] = [
        (&["result"], own(&["", "jobs"])),
        (&["jobs"], own(&["", "jobs"])),
        (&["forget", &job_name], vec![sandbox.state(), job.clone(), job.join("job.json"), job.join("secrets.hes")]),
        (&init, own(&["", "jobs"])),
        (&["identity", "new", "name"], own(&["", "identities"])),
        (&["identity", "show"], own(&["", "identities"])),
    ];
    for (command, paths) in commands {
        for path in paths {
            let path = path.components().collect::<PathBuf>();
            let before = fs::metadata(&path).unwrap().permissions();
            for mode in [0o720, 0o702, 0o777, 0o1777] {
                set_mode(&path, mode);
                let output = assert_refused(sandbox.run(command), &path, "chmod go-w");
                output.says(&["other users can write to", &format!("mode {mode:04o}")]);
            }
            fs::set_permissions(&path, before).unwrap();
        }
    }
    // The command in the error message fixes it.
    set_mode(&sandbox.state(), 0o770);
    let stderr = sandbox.run(["result"]).expect_code(23).stderr;
    let fix = stderr.rsplit_once("run: ").unwrap().1;
    assert!(Command::new("sh").args(["-c", fix]).status().unwrap().success());
    sandbox.succeed(["result"]);
}

#[test]
fn a_directory_above_the_state_that_others_can_write_to() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    let above = sandbox.file("above");
    let state = above.join("state");
    for (mode, is_safe) in [(0o777, false), (0o775, false), (0o1777, true), (0o755, true)] {
        fs::create_dir(&above).unwrap();
        set_mode(&above, mode);
        let run = |arguments: &[&str]| -> CommandOutput {
            sandbox.command(arguments).env("HESTAT_STATE", &state).output().unwrap().into()
        };
        let init = || run(&["init", "--input", path(&csv), "--server", &sandbox.url()]);
        if is_safe {
            init().expect_code(0);
        } else {
            // Refused before the state exists, and also when it exists.
            assert_refused(init(), &above, "chmod go-w");
            set_mode(&above, 0o700);
            init().expect_code(0);
            set_mode(&above, mode);
            assert_refused(init(), &above, "chmod go-w");
            assert_refused(run(&["result"]), &above, "chmod go-w");
        }
        fs::remove_dir_all(&above).unwrap();
    }
}

/// On many systems the default mask permits groups to write.
#[test]
fn files_made_by_the_program_are_private_with_any_mask() {
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", TABLE);
    let without_mask = |arguments: &[&str]| -> CommandOutput {
        let command = sandbox.command(arguments);
        wrapped(&["sh", "-c", "umask 000; exec \"$0\" \"$@\""], &command).output().unwrap().into()
    };
    for _ in 0..2 {
        without_mask(&["serve", "--prepare", "--data", "data", "--server-state", "state"]).expect_code(0);
        without_mask(&["init", "--input", "data.csv", "--server", &sandbox.url()]).expect_code(0);
        without_mask(&["jobs"]).expect_code(0);
        without_mask(&["run", "--check", "--input", "data.csv"]).expect_code(0);
    }
    without_mask(&["compute", "--data", path(&sandbox.server())]).expect_code(0);
    without_mask(&["result", "--check", "data.csv"]).expect_code(0);
    without_mask(&["identity", "new", "one"]).expect_code(0);
    without_mask(&["identity", "new", "two"]).expect_code(0);
    without_mask(&["identity", "show", "one"]).expect_code(0);
}

/// As in the containers, where the state is a volume in a directory of the user.
#[test]
#[ignore = "mounts a file system"]
fn a_state_that_is_mounted_in_a_directory_of_another_user() {
    if !is_root() {
        return skip("only root can give files to other users");
    }
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", TABLE);
    let (above, volume) = (sandbox.file("above"), sandbox.file("volume"));
    let state = above.join("state");
    for directory in [&above, &volume, &state] {
        fs::create_dir(directory).unwrap();
    }
    set_mode(&above, 0o777);
    give(&above, OTHER_USER);
    give(&state, 0);
    let mut init = sandbox.command(["init", "--input", "data.csv", "--server", &sandbox.url()]);
    init.env("HESTAT_STATE", &state);
    assert_refused(init.output().unwrap().into(), &above, "chown 0").says(&["If that directory must stay theirs"]);
    let script = "mount --bind volume above/state && exec \"$0\" \"$@\"";
    let mounted = wrapped(&["unshare", "-m", "sh", "-ec", script], &init).output().unwrap();
    CommandOutput::from(mounted).expect_code(0);
    assert_eq!((entries(&volume), entries(&state)), (vec!["jobs".to_owned()], vec![]));
}

/// Clients of a running server can remove files and so free space.
#[test]
#[ignore = "mounts a file system"]
fn a_server_starts_on_a_disk_that_has_no_space_for_another_file() {
    if !is_root() {
        return skip("only root can mount a file system");
    }
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.file("data")).unwrap();
    let serve = sandbox.command(["serve", "--prepare", "--data", "data", "--server-state", "state"]);
    let script = "mount -t tmpfs -o size=1m,nr_inodes=8 none data\n\
                  i=0; while touch data/$i; do i=$((i+1)); done 2> full\n\
                  test $i -gt 3 && exec \"$0\" \"$@\"";
    let output = wrapped(&["unshare", "-m", "sh", "-ec", script], &serve).output().unwrap();
    CommandOutput::from(output).expect_code(0);
}

#[test]
fn a_directory_for_temporary_files_that_others_can_write_to() {
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", TABLE);
    set_mode(&sandbox.temporary(), 0o777);
    assert_refused(sandbox.run(["run", "--input", "data.csv"]), &sandbox.temporary(), "chmod go-w");
    set_mode(&sandbox.temporary(), 0o1777);
    sandbox.succeed(["run", "--input", "data.csv"]);
}
