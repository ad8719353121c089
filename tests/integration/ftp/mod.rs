//! Interoperability with third-party servers and clients of FTP over TLS.
//!
//! Needs Debian's curl, libpam-pwdfile, lftp, openssl, python3-venv and vsftpd, and root for vsftpd.

mod daemon;
mod servers;
mod third_party_clients;
mod third_party_servers;
