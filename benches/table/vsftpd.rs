//! The same files between vsftpd and lftp, where both are installed and this process may start the server.

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
/// Debian's package makes this user for the files of FTP servers.
const OWNER: &str = "ftp";
/// Where that user may write.
const FOLDER: &str = "in";

const ALWAYS: &str = "listen=YES
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

/// A vsftpd at work.
pub(crate) struct Vsftpd {
    process: Child,
    place: TempDir,
    port: u16,
}

impl Vsftpd {
    /// `None` where it cannot be had.
    pub(crate) fn start() -> Option<Self> {
        let installed = [SERVER, CLIENT].iter().all(|program| Path::new(program).exists());
        if !installed || !rustix::process::geteuid().is_root() {
            return None;
        }
        let place = tempfile::tempdir().expect("there is a temporary directory");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|free| free.local_addr());
        let port = port.expect("there is a free port").port();
        let configuration = prepare(place.path(), port);
        let mut command = Command::new(SERVER);
        command.arg(configuration).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("it is installed");
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            sleep(Duration::from_millis(10));
        }
        Some(Self { process, place, port })
    }

    /// Seconds for a put and a get of `file`, without those that a login alone takes.
    pub(crate) fn transfers(&self, file: &Path) -> [f64; 2] {
        let login = self.client("ls");
        let put = self.client(&format!("put {} -o {FOLDER}/copy", file.display()));
        let get = self.client(&format!("get {FOLDER}/copy -o /dev/null"));
        self.client(&format!("rm {FOLDER}/copy"));
        [put - login, get - login]
    }

    fn client(&self, commands: &str) -> f64 {
        let certificate = self.place.path().join("certificate.pem");
        let settings = [
            ("ftp:ssl-allow-anonymous", "true"),
            ("ftp:ssl-force", "true"),
            ("ftp:ssl-protect-data", "true"),
            ("ssl:ca-file", certificate.to_str().expect("it is text")),
            ("ssl:priority", "NORMAL:-VERS-TLS1.3"),
            ("net:max-retries", "1"),
            ("xfer:clobber", "true"),
        ];
        let settings: String = settings.iter().map(|(name, value)| format!("set {name} {value}; ")).collect();
        let mut client = Command::new(CLIENT);
        client.arg("-c").arg(format!("{settings} open ftp://localhost:{}; {commands}", self.port));
        seconds(|| {
            let output = client.output().expect("it is installed");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        })
    }
}

/// Writes what the server needs; returns its configuration's path.
fn prepare(place: &Path, port: u16) -> PathBuf {
    let identity = ServerIdentity::generate(&["localhost".into()]).expect("it is a name");
    let write = |name: &str, bytes: &[u8]| {
        let path = place.join(name);
        fs::write(&path, bytes).expect("the directory can be written to");
        path
    };
    let (certificate, key) = (write("certificate.pem", &identity.certificate), write("key.pem", identity.key.expose()));
    let (root, empty) = (place.join("root"), place.join("empty"));
    fs::create_dir_all(root.join(FOLDER)).and_then(|()| fs::create_dir(&empty)).expect("it can be written to");
    // The server's sessions are not root's.
    fs::set_permissions(place, Permissions::from_mode(0o711)).expect("it is ours");
    let (user, group) = (number("--user"), number("--group"));
    chown(root.join(FOLDER), Some(user), Some(group)).expect("we are root");
    let own = format!(
        "listen_port={port}\nanon_root={}\nsecure_chroot_dir={}\nrsa_cert_file={}\nrsa_private_key_file={}\n",
        root.display(),
        empty.display(),
        certificate.display(),
        key.display()
    );
    write("vsftpd.conf", format!("{ALWAYS}{own}").as_bytes())
}

fn number(which: &str) -> u32 {
    let output = Command::new("id").args([which, OWNER]).output().expect("it is installed");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("the package made the user")
}

impl Drop for Vsftpd {
    fn drop(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it is our child");
    }
}
