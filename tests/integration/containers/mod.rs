//! Client and server in real containers, as started by `docker-compose.yml` and `run.sh`.
//!
//! Ignored by default: they need a container engine, the base images, and that no containers named `client` and `server`
//! exist. `test.sh` runs them if an engine is running.

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
