//! Client and server in real containers, as `docker-compose.yml` and `run.sh` make them.
//!
//! Ignored unless asked for, since they need a container engine, the base images and the names `client` and `server`:
//! `test.sh` asks for them where an engine answers.

mod by_hand;
mod checkout;
mod confined;
mod engine;
mod faults;
mod fog;
mod ground;
mod images;
mod leaks;
mod other_clients;
mod person;
mod script;
mod tour;
mod vsftpd;
