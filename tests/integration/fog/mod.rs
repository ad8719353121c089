//! `hestat fog` as its users run it: processes over the loopback interface, and others who would hinder or overhear them.

mod attacked;
mod exits;
mod killed;
mod large;
mod limits;
mod parties;
mod secrecy;
mod strangers;
mod terminal;
mod tokens;
mod trust;
mod walk;
