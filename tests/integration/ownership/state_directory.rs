//! Files in the state directory that another user owns or can write to.

use std::fs;
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use hestat::crypto::RsaBits;
use hestat::foundation::ownership::OwnershipError;
use hestat::foundation::random;
use hestat::keystore::{KeyFiles, KeyStoreError};

use super::{NOT_PRIVATE, OTHER_USER, assert_not_private, can_chown, chown_all, everything_from, set_mode};
use crate::sandbox::{CommandOutput, Sandbox, TestServer, entries, path, wrapped};

const TABLE: &str = "a\n1\n2\n";

/// A sandbox with a computed job, the job ID, and the job's directory in the state directory.
fn computed() -> (Sandbox, String, PathBuf) {
    let sandbox = Sandbox::new();
    let job = sandbox.init(&sandbox.write("data.csv", TABLE));
    sandbox.compute().expect_code(0);
    let directory = sandbox.state().join("jobs").join(&job);
    (sandbox, job, directory)
}

/// Fails unless the command is refused while `path` belongs to another user.
#[track_caller]
fn assert_wrong_owner_is_refused(path: &Path, run: impl FnOnce() -> CommandOutput) {
    chown_all(path, OTHER_USER);
    let owner = format!("owner {OTHER_USER}, mode 0");
    assert_not_private(run(), path, "chown 0").says(&["belongs to another user", &owner]);
    chown_all(path, 0);
}

/// The same for a symbolic link that belongs to another user.
#[track_caller]
fn assert_wrong_owner_of_link_is_refused(link: &Path, run: impl FnOnce() -> CommandOutput) {
    lchown(link, Some(OTHER_USER), None).unwrap();
    assert_not_private(run(), link, "chown -h 0");
    lchown(link, Some(0), None).unwrap();
}

#[test]
fn a_job_of_another_user_is_refused() {
    if !can_chown() {
        return;
    }
    let (sandbox, job, directory) = computed();
    let result = || sandbox.run(["result", &job]);
    for path in [directory.join("job.json"), directory.join("secrets.hes"), directory.clone()] {
        assert_wrong_owner_is_refused(&path, result);
    }
    chown_all(&directory, OTHER_USER);
    let listed = sandbox.succeed(["jobs"]).stdout;
    assert!(listed.contains("belongs to another user"), "{listed}");
    chown_all(&directory, 0);
    let renamed = sandbox.state().join("jobs/renamed");
    fs::rename(&directory, &renamed).unwrap();
    symlink(&renamed, &directory).unwrap();
    assert_wrong_owner_of_link_is_refused(&directory, result);
    sandbox.succeed(["result"]);
}

/// The owner of a mount point can replace it while the client waits for the server; the owner of the key file shows
/// that.
#[test]
fn a_key_of_another_user_is_refused_even_if_the_job_is_open() {
    if !can_chown() {
        return;
    }
    let (sandbox, job, directory) = computed();
    let opened = sandbox.open_job(job.parse().unwrap()).unwrap();
    chown_all(&directory.join("secrets.hes"), OTHER_USER);
    let error = opened.secrets(None).unwrap_err();
    assert!(
        matches!(&error, KeyStoreError::Io { source, .. } if OwnershipError::inside(source).is_some()),
        "{error:?}"
    );
}

#[test]
fn a_list_of_forgotten_jobs_of_another_user_is_refused() {
    if !can_chown() {
        return;
    }
    let (sandbox, job, _) = computed();
    sandbox.succeed(["forget", &job]);
    assert_wrong_owner_is_refused(&sandbox.state().join("forgotten"), || sandbox.run(["result", &job]));
}

#[test]
fn a_list_of_known_servers_of_another_user_is_refused() {
    if !can_chown() {
        return;
    }
    let served = TestServer::new(&[]);
    let sandbox = &served.sandbox;
    let ping = || sandbox.run(["ping", "--server", served.url(), "--password-file", served.password_file()]);
    fs::create_dir(sandbox.state()).unwrap();
    set_mode(&sandbox.state(), 0o700);
    let known = sandbox.state().join("known_servers");
    fs::write(&known, format!("{} {}\n", served.address(), served.fingerprint())).unwrap();
    assert_wrong_owner_is_refused(&known, ping);
    assert_wrong_owner_is_refused(&sandbox.state(), ping);
    ping().expect_code(0);
    assert_eq!(served.log().matches("logged in").count(), 1, "a refused client has logged in: {}", served.log());
}

#[test]
fn an_identity_or_rsa_key_of_another_user_is_refused() {
    if !can_chown() {
        return;
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
    assert_wrong_owner_is_refused(&rsa, client);
    assert_wrong_owner_is_refused(&rsa.with_extension("pub"), client);
    let identity = keys.identity_file("fog-client").unwrap();
    assert_wrong_owner_is_refused(&identity, client);
    assert_wrong_owner_is_refused(&identity, || sandbox.run(["identity", "show", "fog-client"]));
    assert_wrong_owner_is_refused(&sandbox.state().join("rsa"), client);
    client().expect_code(22);
}

#[test]
fn a_server_certificate_or_password_of_another_user_is_refused() {
    if !can_chown() {
        return;
    }
    let sandbox = Sandbox::new();
    let prepare = || sandbox.run(["serve", "--prepare", "--data", "data", "--server-state", "state"]);
    prepare().expect_code(0);
    for name in ["certificate.pem", "key.pem", "password", ".lock"] {
        assert_wrong_owner_is_refused(&sandbox.file("state").join(name), prepare);
    }
    assert_wrong_owner_is_refused(&sandbox.file("state"), prepare);
    prepare().expect_code(0);
}

#[test]
fn a_state_directory_that_others_can_write_to_is_refused() {
    let (sandbox, job, directory) = computed();
    fs::create_dir(sandbox.state().join("identities")).unwrap();
    let paths = |names: &[&str]| names.iter().map(|name| sandbox.state().join(name)).collect::<Vec<_>>();
    let init = ["init", "--input", "data.csv", "--server", &sandbox.url()];
    let commands: [(&[&str], Vec<PathBuf>); 6] = [
        (&["result"], paths(&["", "jobs"])),
        (&["jobs"], paths(&["", "jobs"])),
        (
            &["forget", &job],
            vec![sandbox.state(), directory.clone(), directory.join("job.json"), directory.join("secrets.hes")],
        ),
        (&init, paths(&["", "jobs"])),
        (&["identity", "new", "name"], paths(&["", "identities"])),
        (&["identity", "show"], paths(&["", "identities"])),
    ];
    for (command, paths) in commands {
        for path in paths {
            let path = path.components().collect::<PathBuf>();
            let before = fs::metadata(&path).unwrap().permissions();
            for mode in [0o720, 0o702, 0o777, 0o1777] {
                set_mode(&path, mode);
                let output = assert_not_private(sandbox.run(command), &path, "chmod go-w");
                output.says(&["other users can write to", &format!("mode {mode:04o}")]);
            }
            fs::set_permissions(&path, before).unwrap();
        }
    }
    // The command in the error message fixes it.
    set_mode(&sandbox.state(), 0o770);
    let stderr = sandbox.run(["result"]).expect_code(NOT_PRIVATE).stderr;
    let fix = stderr.rsplit_once("run: ").unwrap().1;
    assert!(Command::new("sh").args(["-c", fix]).status().unwrap().success());
    sandbox.succeed(["result"]);
}

#[test]
fn a_state_directory_that_others_can_replace_is_refused() {
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
            assert_not_private(init(), &above, "chmod go-w");
            set_mode(&above, 0o700);
            init().expect_code(0);
            set_mode(&above, mode);
            assert_not_private(init(), &above, "chmod go-w");
            assert_not_private(run(&["result"]), &above, "chmod go-w");
        }
        fs::remove_dir_all(&above).unwrap();
    }
}

/// Whatever the umask; some distributions use 002.
#[test]
fn files_in_state_directories_are_private_with_any_umask() {
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", TABLE);
    let with_umask_zero = |arguments: &[&str]| {
        let command = sandbox.command(arguments);
        let output = wrapped(&["sh", "-c", "umask 000; exec \"$0\" \"$@\""], &command).output().unwrap();
        CommandOutput::from(output).expect_code(0)
    };
    for _ in 0..2 {
        with_umask_zero(&["serve", "--prepare", "--data", "data", "--server-state", "server-state"]);
        with_umask_zero(&["init", "--input", "data.csv", "--server", &sandbox.url()]);
        with_umask_zero(&["jobs"]);
        with_umask_zero(&["run", "--check", "--input", "data.csv"]);
    }
    with_umask_zero(&["compute", "--data", path(&sandbox.server())]);
    with_umask_zero(&["result", "--check", "data.csv"]);
    with_umask_zero(&["identity", "new", "one"]);
    with_umask_zero(&["identity", "new", "two"]);
    with_umask_zero(&["identity", "show", "one"]);
    let server_state = sandbox.file("server-state");
    for path in everything_from(&sandbox.state()).into_iter().chain(everything_from(&server_state)) {
        // Everybody may read the certificate and public keys.
        let is_public = path.ends_with("certificate.pem") || path.extension().is_some_and(|end| end == "pub");
        let forbidden = if is_public { 0o022 } else { 0o077 };
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & forbidden, 0, "mode {mode:o} of {}", path.display());
    }
}

/// As in the containers, where a volume is mounted as the state directory.
#[test]
#[ignore = "mounts a file system"]
fn a_mounted_state_directory_is_accepted_in_a_directory_of_another_user() {
    if !can_chown() {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", TABLE);
    let (above, volume) = (sandbox.file("above"), sandbox.file("volume"));
    let state = above.join("state");
    for directory in [&above, &volume, &state] {
        fs::create_dir(directory).unwrap();
    }
    set_mode(&above, 0o777);
    chown_all(&above, OTHER_USER);
    chown_all(&state, 0);
    let mut init = sandbox.command(["init", "--input", "data.csv", "--server", &sandbox.url()]);
    init.env("HESTAT_STATE", &state);
    assert_not_private(init.output().unwrap().into(), &above, "chown 0").says(&["If that directory must stay theirs"]);
    let script = "mount --bind volume above/state && exec \"$0\" \"$@\"";
    let mounted = wrapped(&["unshare", "-m", "sh", "-ec", script], &init).output().unwrap();
    CommandOutput::from(mounted).expect_code(0);
    assert_eq!((entries(&volume), entries(&state)), (vec!["jobs".to_owned()], vec![]));
}

#[test]
fn a_temporary_directory_must_be_sticky_if_others_can_write_to_it() {
    let sandbox = Sandbox::new();
    sandbox.write("data.csv", TABLE);
    set_mode(&sandbox.temporary(), 0o777);
    assert_not_private(sandbox.run(["run", "--input", "data.csv"]), &sandbox.temporary(), "chmod go-w");
    set_mode(&sandbox.temporary(), 0o1777);
    sandbox.succeed(["run", "--input", "data.csv"]);
}
