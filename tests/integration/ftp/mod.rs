//! Other people's servers and clients of FTP with TLS: ours works with theirs.
//!
//! Needs Debian's curl, libpam-pwdfile, lftp, openssl, python3-venv and vsftpd, and the administrator's rights for vsftpd.

mod daemon;
mod foreign_clients;
mod foreign_servers;
mod peers;
