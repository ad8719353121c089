//! Debian's vsftpd, configured for FTPS as its manual and README.ssl describe: one virtual user, confined to a
//! directory.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::ops::Range;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Owner, PASSWORD, PORT_COUNT, ServerFiles, ThirdPartyServer, USER};
use crate::ports::free_ports;
use crate::programs::{output, program};

/// Debian's package creates this user for the files of FTP servers.
const FILE_OWNER: &str = "ftp";

/// Whether a data connection must resume the TLS session of its control connection. Required is vsftpd's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ftp) enum SessionReuse {
    Required,
    NotRequired,
}

/// A virtual user. It logs in through a PAM service of its own, so that no system user is created or changed.
pub(super) struct Account {
    service: PathBuf,
}

impl Account {
    fn create(passwords: &Path) -> Self {
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

impl ThirdPartyServer {
    /// Starts vsftpd, with or without required session reuse.
    pub(in crate::ftp) fn vsftpd(reuse: SessionReuse) -> Self {
        Self::vsftpd_with(reuse, "")
    }

    /// Starts vsftpd with additional configuration lines.
    pub(in crate::ftp) fn vsftpd_with(reuse: SessionReuse, more: &str) -> Self {
        assert!(rustix::process::geteuid().is_root(), "vsftpd can only be started by root");
        assert!(
            fs::exists("/usr/share/doc/libpam-pwdfile").unwrap(),
            "these tests need Debian's libpam-pwdfile (apt-get install libpam-pwdfile)"
        );
        let (files, ports) = (ServerFiles::new(), free_ports(PORT_COUNT));
        let owner = Owner::named(FILE_OWNER);
        chown(files.root(), Some(owner.user), Some(owner.group)).unwrap();
        // Sessions are confined to this directory until login. Debian's own is created at boot.
        fs::create_dir(files.file("empty")).unwrap();
        let account = Account::create(&files.file("passwords"));
        let configuration = files.file("vsftpd.conf");
        fs::write(&configuration, configure(&files, &account, &ports, reuse) + more).unwrap();
        let mut command = program("/usr/sbin/vsftpd");
        command.arg(&configuration);
        let server = Self::start(command, files, ports.start);
        Self { owner: Some(owner), _account: Some(account), ..server }
    }

    /// Removes write permission on the root, as on a server where the account may use a subdirectory only.
    pub(in crate::ftp) fn make_root_read_only(&self) {
        chown(self.directory(""), Some(0), Some(0)).unwrap();
        fs::set_permissions(self.directory(""), Permissions::from_mode(0o755)).unwrap();
    }
}

impl Owner {
    fn named(user: &str) -> Self {
        let number = |option: &str| output("id", [option, user]).trim().parse().unwrap();
        Self { user: number("--user"), group: number("--group") }
    }
}

fn configure(files: &ServerFiles, account: &Account, ports: &Range<u16>, reuse: SessionReuse) -> String {
    let [control, first, last] = [ports.start, ports.start + 1, ports.end - 1].map(|port| port.to_string());
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let certificate = &files.certificate;
    let yes_or_no = |value: bool| if value { "YES" } else { "NO" };
    let settings: [(&str, &str); 11] = [
        ("listen_port", &control),
        ("pasv_min_port", &first),
        ("pasv_max_port", &last),
        ("guest_username", FILE_OWNER),
        ("pam_service_name", account.name()),
        ("local_root", &path(&files.root())),
        ("secure_chroot_dir", &path(&files.file("empty"))),
        ("rsa_cert_file", &path(certificate.path())),
        ("rsa_private_key_file", &path(certificate.key())),
        ("require_ssl_reuse", yes_or_no(reuse == SessionReuse::Required)),
        ("vsftpd_log_file", &path(&files.log())),
    ];
    let mut text = FIXED_SETTINGS.to_owned();
    for (name, value) in settings {
        writeln!(text, "{name}={value}").unwrap();
    }
    text
}

const FIXED_SETTINGS: &str = "\
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
