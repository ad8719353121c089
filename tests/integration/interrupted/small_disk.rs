//! Disks that fill up: a small file system of our own where the system lets us mount one, else a limit on file sizes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::site::{PROGRAM, Ran, Site};

/// A small file system in a mount namespace of its own, kept alive by a shell and seen through it.
pub(crate) struct SmallDisk {
    shell: Child,
    path: PathBuf,
}

/// Bytes of the whole disk.
const SIZE: u64 = 8 << 20;

/// Takes up most of the disk until there is to be room.
const BALLAST: &str = "ballast";

/// Mounts a disk of $2 bytes at $1, and lives on until it is killed or its test is.
const SHELL: &str = r#"mount -t tmpfs -o "size=$2" hestat-test "$1" && echo mounted && read -r _"#;

impl SmallDisk {
    /// A disk of which so many bytes are free, mounted over `folder`; `None` where no namespace can be had.
    #[allow(clippy::print_stderr, reason = "whoever reads the test's output should know what was tested")]
    pub(crate) fn mount(folder: &Path, free: u64) -> Option<Self> {
        let mounted = ["-rm", "-m"].into_iter().find_map(|namespaces| Self::mount_in(namespaces, folder));
        eprintln!("{}", if mounted.is_some() { "a small disk is mounted" } else { "no mount: file sizes are limited" });
        if let Some(disk) = &mounted {
            fs::write(disk.path.join(BALLAST), vec![1; usize::try_from(SIZE - free).unwrap()]).unwrap();
        }
        mounted
    }

    fn mount_in(namespaces: &str, folder: &Path) -> Option<Self> {
        let mut command = Command::new("unshare");
        command.args([namespaces, "sh", "-c", SHELL, "sh"]).arg(folder).arg(SIZE.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = command.spawn().ok()?;
        let output = BufReader::new(shell.stdout.take()?);
        let path = Path::new("/proc").join(shell.id().to_string()).join("root").join(folder.strip_prefix("/").ok()?);
        let disk = Self { shell, path };
        // A shell that cannot mount ends, and so does its output.
        let mounted = output.lines().next()?.ok()? == "mounted";
        (mounted && disk.path.metadata().is_ok()).then_some(disk)
    }

    pub(crate) fn make_room(&self) {
        fs::remove_file(self.path.join(BALLAST)).unwrap();
    }

    /// Where the disk can be reached from outside of its namespace.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The disk is gone when its namespace is.
        self.shell.kill().unwrap();
        self.shell.wait().unwrap();
    }
}

/// The program, unable to write a file beyond so many blocks (of 512 bytes or of 1024, as the shell counts).
pub(super) fn run_limited(site: &Site, blocks: u32, arguments: &[&str]) -> Ran {
    let mut command = Command::new("sh");
    site.tell_where(&mut command);
    // Ignored, the signal becomes the error that a full disk would be.
    command.args(["-c", "trap '' XFSZ && ulimit -f \"$0\" && exec \"$@\"", &blocks.to_string(), PROGRAM]);
    Ran::of(command.args(arguments))
}
