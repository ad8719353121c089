//! Transfers between vsftpd and lftp, if both are installed and this process is root.

use std::fs::{self, Permissions};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use hestat::keystore::ServerIdentity;
use tempfile::TempDir;

use crate::cores::seconds;

const SERVER: &str = "/usr/sbin/vsftpd";
const CLIENT: &str = "/usr/bin/lftp";
/// Debian's package creates this user for the files of FTP servers.
const OWNER: &str = "ftp";
/// The directory that this user may write to.
const DIRECTORY: &str = "in";

const FIXED_SETTINGS: &str = "listen=YES
listen_address=127.0.0.1
background=NO
anonymous_enable=YES
local_enable=NO
no_anon_password=YES
write_enable=YES
anon_umask=022
anon_upload_enable=YES
anon_other_write_enable=YES
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
require_ssl_reuse=YES
ssl_ciphers=ECDHE-ECDSA-AES256-GCM-SHA384
";

/// A running vsftpd.
pub(crate) struct Vsftpd {
    process: Child,
    directory: TempDir,
    port: u16,
}

impl Vsftpd {
    /// Starts vsftpd, or returns `None` if it is not available.
    pub(crate) fn start() -> Option<Self> {
        let installed = [SERVER, CLIENT].iter().all(|program| Path::new(program).exists());
        if !installed || !rustix::process::geteuid().is_root() {
            return None;
        }
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
        let port = port.expect("there is a free port").port();
        let configuration = write_server_files(directory.path(), port);
        let mut command = Command::new(SERVER);
        command.arg(configuration).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("the program is installed");
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            sleep(Duration::from_millis(10));
        }
        Some(Self { process, directory, port })
    }

    /// Returns the seconds of an upload and a download of `file`, without login and process start.
    pub(crate) fn transfers(&self, file: &Path) -> [f64; 2] {
        let login = self.run_client("ls");
        let put = self.run_client(&format!("put {} -o {DIRECTORY}/copy", file.display()));
        let get = self.run_client(&format!("get {DIRECTORY}/copy -o /dev/null"));
        self.run_client(&format!("rm {DIRECTORY}/copy"));
        [put - login, get - login]
    }

    fn run_client(&self, commands: &str) -> f64 {
        let certificate = self.directory.path().join("certificate.pem");
        let settings = [
            ("ftp:ssl-allow-anonymous", "true"),
            ("ftp:ssl-force", "true"),
            ("ftp:ssl-protect-data", "true"),
            ("ssl:ca-file", certificate.to_str().expect("the path is UTF-8")),
            ("ssl:priority", "NORMAL:-VERS-TLS1.3"),
            ("net:max-retries", "1"),
            ("xfer:clobber", "true"),
        ];
        let settings: String = settings.iter().map(|(name, value)| format!("set {name} {value}; ")).collect();
        let mut client = Command::new(CLIENT);
        client.arg("-c").arg(format!("{settings} open ftp://localhost:{}; {commands}", self.port));
        seconds(|| {
            let output = client.output().expect("the program is installed");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        })
    }
}

/// Writes the server's files. Returns the path of its configuration.
fn write_server_files(directory: &Path, port: u16) -> PathBuf {
    let identity = ServerIdentity::generate(&["localhost".into()]).expect("a valid host name");
    let write = |name: &str, bytes: &[u8]| {
        let path = directory.join(name);
        fs::write(&path, bytes).expect("the directory is writable");
        path
    };
    let (certificate, key) = (write("certificate.pem", &identity.certificate), write("key.pem", identity.key.expose()));
    let (root, empty) = (directory.join("root"), directory.join("empty"));
    fs::create_dir_all(root.join(DIRECTORY)).and_then(|()| fs::create_dir(&empty)).expect("the directory is writable");
    // The server's sessions do not run as root.
    fs::set_permissions(directory, Permissions::from_mode(0o711)).expect("the directory is owned by this process");
    let (user, group) = (id("--user"), id("--group"));
    chown(root.join(DIRECTORY), Some(user), Some(group)).expect("the process is root");
    let settings = format!(
        "listen_port={port}\nanon_root={}\nsecure_chroot_dir={}\nrsa_cert_file={}\nrsa_private_key_file={}\n",
        root.display(),
        empty.display(),
        certificate.display(),
        key.display()
    );
    write("vsftpd.conf", format!("{FIXED_SETTINGS}{settings}").as_bytes())
}

/// Returns the number of the user or group [`OWNER`]; `option` is one of `id`.
fn id(option: &str) -> u32 {
    let output = Command::new("id").args([option, OWNER]).output().expect("the program is installed");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("the package created the user")
}

impl Drop for Vsftpd {
    fn drop(&mut self) {
        self.process.kill().expect("the process is running");
        self.process.wait().expect("a child process");
    }
}
