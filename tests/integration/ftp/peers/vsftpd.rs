//! Debian's vsftpd, configured as its manual and README.ssl say for FTPS: one virtual user, locked into a directory.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Owner, PASSWORD, Peer, Place, USER, ports};
use crate::programs::{output, program};

/// Debian's package makes this user for the files of FTP servers.
const FILES_BELONG_TO: &str = "ftp";

/// Whether a data connection must resume the TLS session of its control connection, as is vsftpd's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ftp) enum SessionReuse {
    Required,
    NotRequired,
}

/// How a virtual user logs in: by a service of PAM of its own, so that no user of this machine is made or touched.
pub(super) struct Account {
    service: PathBuf,
}

impl Account {
    fn make(passwords: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let service = Path::new("/etc/pam.d").join(format!("hestat-test-{}-{number}", std::process::id()));
        let hash = output("openssl", ["passwd", "-6", PASSWORD]);
        fs::write(passwords, format!("{USER}:{hash}")).unwrap();
        fs::set_permissions(passwords, Permissions::from_mode(0o600)).unwrap();
        let rules =
            format!("auth required pam_pwdfile.so pwdfile={}\naccount required pam_permit.so\n", passwords.display());
        fs::write(&service, rules).unwrap();
        Self { service }
    }

    fn name(&self) -> &str {
        self.service.file_name().unwrap().to_str().unwrap()
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        fs::remove_file(&self.service).unwrap();
    }
}

impl Peer {
    /// vsftpd, which demands that data connections resume TLS sessions, or does not.
    pub(in crate::ftp) fn vsftpd(reuse: SessionReuse) -> Self {
        Self::vsftpd_with(reuse, "")
    }

    /// The same with more lines in its configuration.
    pub(in crate::ftp) fn vsftpd_with(reuse: SessionReuse, more: &str) -> Self {
        assert!(rustix::process::geteuid().is_root(), "vsftpd can only be started by the administrator");
        assert!(
            fs::exists("/usr/share/doc/libpam-pwdfile").unwrap(),
            "these tests need Debian's libpam-pwdfile (apt-get install libpam-pwdfile)"
        );
        let (place, port) = (Place::new(), ports::free_block());
        let owner = Owner::named(FILES_BELONG_TO);
        chown(place.root(), Some(owner.user), Some(owner.group)).unwrap();
        // Sessions are locked into it until somebody has logged in; Debian's own is made when the machine starts.
        fs::create_dir(place.file("empty")).unwrap();
        let account = Account::make(&place.file("passwords"));
        let configuration = place.file("vsftpd.conf");
        fs::write(&configuration, configure(&place, &account, port, reuse) + more).unwrap();
        let mut command = program("/usr/sbin/vsftpd");
        command.arg(&configuration);
        let peer = Self::start(command, place, port);
        Self { owner: Some(owner), _account: Some(account), ..peer }
    }

    /// From now on the account may not write into the root, as on a server of which it may use a folder only.
    pub(in crate::ftp) fn make_root_read_only(&self) {
        chown(self.folder(""), Some(0), Some(0)).unwrap();
        fs::set_permissions(self.folder(""), Permissions::from_mode(0o755)).unwrap();
    }
}

impl Owner {
    fn named(user: &str) -> Self {
        let number = |option: &str| output("id", [option, user]).trim().parse().unwrap();
        Self { user: number("--user"), group: number("--group") }
    }
}

fn configure(place: &Place, account: &Account, port: u16, reuse: SessionReuse) -> String {
    let (first, last) = ((port + 1).to_string(), ports::last(port).to_string());
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let certificate = &place.certificate;
    let answer = |is_so: bool| if is_so { "YES" } else { "NO" };
    let own: [(&str, &str); 11] = [
        ("listen_port", &port.to_string()),
        ("pasv_min_port", &first),
        ("pasv_max_port", &last),
        ("guest_username", FILES_BELONG_TO),
        ("pam_service_name", account.name()),
        ("local_root", &path(&place.root())),
        ("secure_chroot_dir", &path(&place.file("empty"))),
        ("rsa_cert_file", &path(certificate.file())),
        ("rsa_private_key_file", &path(certificate.key())),
        ("require_ssl_reuse", answer(reuse == SessionReuse::Required)),
        ("vsftpd_log_file", &path(&place.log())),
    ];
    let mut text = ALWAYS.to_owned();
    for (name, value) in own {
        writeln!(text, "{name}={value}").unwrap();
    }
    text
}

const ALWAYS: &str = "\
listen=YES
listen_address=127.0.0.1
background=NO
anonymous_enable=NO
local_enable=YES
guest_enable=YES
virtual_use_local_privs=YES
write_enable=YES
chroot_local_user=YES
allow_writeable_chroot=YES
ssl_enable=YES
force_local_logins_ssl=YES
force_local_data_ssl=YES
xferlog_enable=YES
log_ftp_protocol=YES
";
