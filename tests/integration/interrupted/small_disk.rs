//! Disks that fill up: a small file system of our own, or a limit on file sizes.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::sandbox::{CommandOutput, Sandbox, wrapped};

/// A small file system in a mount namespace of its own. A shell keeps the namespace alive; the files are accessed
/// through its `/proc` directory.
pub(crate) struct SmallDisk {
    shell: Child,
    path: PathBuf,
}

/// Size of the whole disk in bytes.
const SIZE: u64 = 8 << 20;

/// The file that occupies most of the disk until [`SmallDisk::free_space`].
const BALLAST: &str = "ballast";

/// Mounts a disk with the options $2 at $1, and runs until it is killed or its standard input is closed.
const SHELL: &str = r#"mount -t tmpfs -o "$2" hestat-test "$1" && echo mounted && read -r _"#;

impl SmallDisk {
    /// Mounts a disk over `directory` that has `free` bytes of free space. Fails where mounting is not permitted.
    #[track_caller]
    pub(crate) fn mount(directory: &Path, free: u64) -> Self {
        let disk = Self::mount_with(&format!("size={SIZE}"), directory);
        fs::write(disk.path.join(BALLAST), vec![1; usize::try_from(SIZE - free).unwrap()]).unwrap();
        disk
    }

    /// Mounts a disk over `directory` that is full of empty files: it has space, but no free inode.
    #[track_caller]
    pub(crate) fn mount_without_inodes(directory: &Path) -> Self {
        let disk = Self::mount_with(&format!("size={SIZE},nr_inodes=8"), directory);
        let full = (0..).find_map(|number| fs::write(disk.path.join(format!("{number}")), "").err()).unwrap();
        assert_eq!(full.kind(), ErrorKind::StorageFull);
        disk
    }

    #[track_caller]
    fn mount_with(options: &str, directory: &Path) -> Self {
        let mounted = ["-rm", "-m"].into_iter().find_map(|namespaces| Self::mount_in(namespaces, options, directory));
        mounted.expect("this test needs `unshare -rm` or `unshare -m` to mount a file system")
    }

    fn mount_in(namespaces: &str, options: &str, directory: &Path) -> Option<Self> {
        let mut command = Command::new("unshare");
        command.args([namespaces, "sh", "-c", SHELL, "sh"]).arg(directory).arg(options);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = command.spawn().ok()?;
        let output = BufReader::new(shell.stdout.take()?);
        let path = Path::new("/proc").join(shell.id().to_string()).join("root").join(directory.strip_prefix("/").ok()?);
        let disk = Self { shell, path };
        // A shell that cannot mount exits, which closes its output.
        let mounted = output.lines().next()?.ok()? == "mounted";
        (mounted && disk.path.metadata().is_ok()).then_some(disk)
    }

    pub(crate) fn free_space(&self) {
        fs::remove_file(self.path.join(BALLAST)).unwrap();
    }

    /// The path through which processes outside of the namespace access the disk.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The disk disappears with its namespace.
        self.shell.kill().unwrap();
        self.shell.wait().unwrap();
    }
}

/// Runs a command that cannot write files of more than `blocks` blocks (of 512 or 1024 bytes, depending on the shell).
pub(super) fn run_limited(sandbox: &Sandbox, blocks: u32, arguments: &[&str]) -> CommandOutput {
    // While the signal is ignored, the system reports an error, as a full disk does.
    let script = "trap '' XFSZ && ulimit -f \"$0\" && exec \"$@\"";
    wrapped(&["sh", "-c", script, &blocks.to_string()], &sandbox.command(arguments)).output().unwrap().into()
}
