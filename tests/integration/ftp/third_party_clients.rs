//! Third-party clients with the hestat server.

mod curl;
mod ftplib;
mod large_files;
mod lftp;
mod scenario;
