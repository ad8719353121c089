//! How long a part has been without a node, and when that is too long.

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A clock that runs while a part waits for a node. It stands while all are at nodes, and begins anew only when something has
/// come back: a node that takes a part and drops it, again and again, does not hold it up for ever.
pub(super) struct StarvationTimer {
    limit: Duration,
    since: Option<Instant>,
    before: Duration,
}

impl StarvationTimer {
    /// One that may last so long.
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, since: None, before: Duration::ZERO }
    }

    /// From now on, a part waits or none does.
    pub(super) fn set_running(&mut self, waits: bool) {
        match self.since {
            None if waits => self.since = Some(Instant::now()),
            Some(since) if !waits => {
                self.before += since.elapsed();
                self.since = None;
            }
            _ => {}
        }
    }

    /// What was waited until now does not count any more.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.limit);
    }

    /// How long it may last.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// Returns when it has lasted so long.
    pub(super) fn expired(&self) -> impl Future<Output = ()> + use<> {
        let end = self.since.map(|since| since + self.limit.saturating_sub(self.before));
        async move {
            match end {
                Some(end) => sleep_until(end).await,
                None => pending().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{advance, timeout};

    #[tokio::test(start_paused = true)]
    async fn time_at_a_node_does_not_count_and_is_no_excuse() {
        let seconds = Duration::from_secs;
        let mut shortage = StarvationTimer::new(seconds(10));
        let left = async |shortage: &StarvationTimer| {
            let begin = Instant::now();
            timeout(seconds(60), shortage.expired()).await.ok().map(|()| begin.elapsed().as_secs())
        };
        assert_eq!(left(&shortage).await, None);
        shortage.set_running(true);
        advance(seconds(6)).await;
        shortage.set_running(true);
        shortage.set_running(false);
        assert_eq!(left(&shortage).await, None);
        shortage.set_running(true);
        assert_eq!(left(&shortage).await, Some(4));
        shortage.reset();
        shortage.set_running(true);
        assert_eq!(left(&shortage).await, Some(10));
    }
}
