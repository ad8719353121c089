//! Client and nodes in one process, and others who say what they should not.

mod given;
mod hostile_clients;
mod hostile_nodes;
mod scene;
mod waiting;
