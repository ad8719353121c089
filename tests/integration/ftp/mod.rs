//! Interoperability with foreign servers and clients of FTP over TLS.
//!
//! Needs Debian's curl, libpam-pwdfile, lftp, openssl, python3-venv and vsftpd, and root for vsftpd.

mod daemon;
mod foreign_clients;
mod foreign_servers;
mod peers;
