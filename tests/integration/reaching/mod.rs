//! How a client and our own server come together: who is believed to be whom, and by which password.

mod passwords;
mod serving;
mod terminal;
mod trust;

use crate::house::{Ended, House};

/// `hestat ping` with these options.
fn ping(house: &House, url: &str, options: &[&str]) -> Ended {
    house.run(["ping", "--server", url].into_iter().chain(options.iter().copied()))
}
