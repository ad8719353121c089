//! Disks that fill up: a small file system of our own where the system lets us mount one, else a limit on file sizes.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::site::{PROGRAM, Ran, Site};

/// A small file system in a mount namespace of its own, kept alive by a shell and seen through it.
pub(super) struct SmallDisk {
    shell: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    path: PathBuf,
}

/// Mounts at $1 with the size on the first line, then changes the size to that of each further line.
const SHELL: &str = r#"
read -r size && mount -t tmpfs -o "size=$size" hestat-test "$1" && echo done || exit
while read -r size; do mount -o "remount,size=$size" "$1" && echo done; done
"#;

impl SmallDisk {
    /// A disk of so many bytes, mounted over `folder`; `None` where no namespace can be had.
    #[allow(clippy::print_stderr, reason = "whoever reads the test's output should know what was tested")]
    pub(super) fn mount(folder: &Path, bytes: u64) -> Option<Self> {
        let mounted = ["-rm", "-m"].into_iter().find_map(|namespaces| Self::mount_in(namespaces, folder, bytes));
        eprintln!("{}", if mounted.is_some() { "a small disk is mounted" } else { "no mount: file sizes are limited" });
        mounted
    }

    fn mount_in(namespaces: &str, folder: &Path, bytes: u64) -> Option<Self> {
        let mut command = Command::new("unshare");
        command.args([namespaces, "sh", "-c", SHELL, "sh"]).arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = command.spawn().ok()?;
        let (input, output) = (shell.stdin.take()?, BufReader::new(shell.stdout.take()?));
        let path = Path::new("/proc").join(shell.id().to_string()).join("root").join(folder.strip_prefix("/").ok()?);
        let mut disk = Self { shell, input, output, path };
        (disk.resize(bytes) && disk.path.metadata().is_ok()).then_some(disk)
    }

    /// Whether the disk has so many bytes now.
    pub(super) fn resize(&mut self, bytes: u64) -> bool {
        let mut answer = String::new();
        let asked = writeln!(self.input, "{bytes}").and_then(|()| self.output.read_line(&mut answer));
        asked.is_ok() && answer == "done\n"
    }

    /// Where the disk can be reached from outside of its namespace.
    pub(super) fn path(&self) -> &Path {
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
