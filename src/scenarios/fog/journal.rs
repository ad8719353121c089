//! What happened when: one JSON object a line, without payloads and keys.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use chrono::DateTime;
use serde::Serialize;

use crate::foundation::clock::Clock;
use crate::foundation::regular;

/// The file's name.
pub(super) const NAME: &str = "journal.jsonl";

/// An event, as it is written down. `node` and `client` are fingerprints.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event<'e> {
    Listening {
        address: String,
        message: String,
        bytes: u64,
        parts: u32,
    },
    Joined {
        node: String,
        from: &'e str,
    },
    Refused {
        node: String,
        from: &'e str,
    },
    Given {
        message: String,
        part: u32,
        parts: u32,
        bytes: u64,
        node: String,
    },
    Returned {
        message: String,
        part: u32,
        parts: u32,
        node: String,
        file: &'e Path,
    },
    Lost {
        message: String,
        part: Option<u32>,
        node: String,
        why: String,
    },
    Reassembled {
        message: String,
        bytes: u64,
        file: &'e Path,
    },
    Connected {
        client: String,
        address: &'e str,
    },
    Assigned {
        message: String,
        part: u32,
        parts: u32,
        bytes: u64,
        client: String,
    },
    Encrypted {
        message: String,
        part: u32,
        parts: u32,
        part_file: &'e Path,
        file: &'e Path,
    },
    Accepted {
        message: String,
        part: u32,
        parts: u32,
        client: String,
    },
    NotNeeded {
        client: String,
    },
    Failed {
        /// At the client.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        why: String,
    },
}

/// An event and its time.
#[derive(Serialize)]
struct Line<'e> {
    time: String,
    #[serde(flatten)]
    event: &'e Event<'e>,
}

/// A file that only grows.
pub(super) struct Journal<'c> {
    file: File,
    clock: &'c dyn Clock,
}

impl<'c> Journal<'c> {
    /// The one in `folder`, which others may also write into.
    pub(super) fn open(folder: &Path, clock: &'c dyn Clock) -> io::Result<Self> {
        Ok(Self { file: regular::append(&folder.join(NAME))?, clock })
    }

    /// Writes down that this happens now.
    pub(super) fn record(&self, event: &Event<'_>) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Line { time: time(self.clock.now()), event })?;
        line.push(b'\n');
        // In one go: lines of others do not come in between.
        (&self.file).write_all(&line)
    }
}

/// RFC 3339, in UTC, to the millisecond.
fn time(milliseconds: u64) -> String {
    let time = i64::try_from(milliseconds).ok().and_then(DateTime::from_timestamp_millis).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    struct Stopped(u64);

    impl Clock for Stopped {
        fn now(&self) -> u64 {
            self.0
        }

        fn sleep(&self, _: Duration) {}
    }

    #[test]
    fn a_line_for_each_event_with_its_time() {
        let folder = tempfile::tempdir().unwrap();
        for now in [0, 1_764_066_896_007] {
            let clock = Stopped(now);
            let journal = Journal::open(folder.path(), &clock).unwrap();
            journal.record(&Event::NotNeeded { client: "a".into() }).unwrap();
        }
        assert_eq!(
            std::fs::read_to_string(folder.path().join(NAME)).unwrap(),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"not_needed\",\"client\":\"a\"}\n\
             {\"time\":\"2025-11-25T10:34:56.007Z\",\"event\":\"not_needed\",\"client\":\"a\"}\n"
        );
    }
}
