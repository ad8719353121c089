//! Client and server in real containers, as started by `docker-compose.yml` and `run.sh`.
//!
//! Ignored by default, because they need a container engine, the base images and the names `client` and `server`.
//! `test.sh` runs them if an engine answers.

mod checkout;
mod confinement;
mod documentation;
mod engine;
mod environment;
mod faults;
mod fog;
mod images;
mod leaks;
mod manual_commands;
mod other_clients;
mod owner;
mod run_script;
mod vsftpd;
