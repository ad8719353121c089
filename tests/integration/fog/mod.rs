//! `hestat fog` as its users run it: processes over the loopback interface, and attackers who disturb or observe them.

mod attacked;
mod exits;
mod killed;
mod large;
mod limits;
mod messages;
mod parties;
mod secrecy;
mod terminal;
mod tokens;
mod trust;
mod unauthenticated;
