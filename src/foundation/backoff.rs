//! Exponential backoff with full jitter: clients that were disconnected together do not reconnect together.

use std::time::Duration;

/// The upper bound of the first pause.
const BASE: Duration = Duration::from_millis(200);

/// The upper bound of every pause.
pub const CAP: Duration = Duration::from_secs(10);

/// Returns the pause before retry `number`, counted from 1: `random / u32::MAX` times min(CAP, BASE·2^(number−1)).
pub fn pause(number: u32, random: u32) -> Duration {
    let longest = CAP.min(BASE.saturating_mul(1 << number.saturating_sub(1).min(16)));
    longest * random / u32::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_cap_and_are_spread() {
        let longest: Vec<_> = (1..10).map(|number| pause(number, u32::MAX).as_millis()).collect();
        assert_eq!(longest, [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
        assert_eq!(pause(u32::MAX, u32::MAX), CAP);
        assert_eq!(pause(5, 0), Duration::ZERO);
        assert_eq!(pause(1, u32::MAX / 2).as_millis(), 99);
    }
}
