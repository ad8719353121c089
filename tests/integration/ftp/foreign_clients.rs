//! The clients of others at our server.

mod big;
mod curl;
mod ftplib;
mod lftp;
mod repertoire;
