//! Commands run by an unprivileged user, for tests of file permissions, which do not restrict root.

use std::ffi::OsStr;
use std::os::unix::fs::lchown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::{CommandOutput, HESTAT, Sandbox, everything};

/// The unprivileged user if the tests run as root. Otherwise it is the user who runs the tests.
pub(crate) const UNPRIVILEGED_USER: u32 = 65_534;

/// Whether the tests run as root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A sandbox that belongs to an unprivileged user, who also runs its commands.
pub(crate) struct UnprivilegedSandbox {
    pub(crate) sandbox: Sandbox,
    /// A copy of the binary that this user can execute.
    pub(crate) program: PathBuf,
}

impl UnprivilegedSandbox {
    /// Gives the sandbox and all files in it to the user.
    pub(crate) fn new(sandbox: Sandbox) -> Self {
        let program = sandbox.file("hestat");
        // Not copied by this process: a program that is open for writing here, or in a fork of ours, cannot be run.
        assert!(Command::new("cp").arg(HESTAT).arg(&program).status().unwrap().success());
        if is_root() {
            let root = sandbox.root().to_owned();
            for path in everything(&root).into_iter().chain([root]) {
                lchown(path, Some(UNPRIVILEGED_USER), Some(UNPRIVILEGED_USER)).unwrap();
            }
        }
        Self { sandbox, program }
    }

    /// Makes the command run as the unprivileged user.
    pub(crate) fn as_user(mut command: Command) -> Command {
        if is_root() {
            command.uid(UNPRIVILEGED_USER).gid(UNPRIVILEGED_USER);
        }
        command
    }

    /// hestat, run by the user.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.wrapped_command(&[], arguments)
    }

    /// The same through the wrapper `words`, such as `prlimit --nproc=1`.
    pub(crate) fn wrapped_command(&self, words: &[&str], arguments: &[&str]) -> Command {
        let template = self.sandbox.command(arguments);
        let mut all = words.iter().map(OsStr::new).chain([self.program.as_os_str()]).chain(template.get_args());
        let mut command = Self::as_user(Command::new(all.next().expect("the program at least")));
        command.args(all).current_dir(self.sandbox.work());
        command.env_clear().envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs hestat as the user, to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> CommandOutput {
        self.command(arguments).output().unwrap().into()
    }
}
