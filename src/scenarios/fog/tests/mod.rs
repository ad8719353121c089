//! Tests with client and nodes in one process, and with peers that violate the protocol.

mod harness;
mod hostile_clients;
mod hostile_nodes;
mod received_part;
mod waiting;
