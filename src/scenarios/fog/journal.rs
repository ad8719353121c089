//! Records of what happened: the journal, with one JSON object per line and event, and notices that are not repeated.
//! Neither contains content or keys.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use crate::foundation::clock::Clock;
use crate::foundation::observer::Observer;
use crate::foundation::regular_file;

/// The name of the journal file.
pub(super) const NAME: &str = "journal.jsonl";

/// An event. `node` and `client` are fingerprints; a failure names the message at the client only.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event<'e> {
    Listening { address: String, message: String, bytes: u64, parts: u32 },
    Joined { node: String, from: &'e str },
    Refused { node: String, from: &'e str },
    Given { message: String, part: u32, parts: u32, bytes: u64, node: String },
    Returned { message: String, part: u32, parts: u32, node: String, file: DisplayPath<'e> },
    Lost { message: String, part: Option<u32>, node: String, why: String },
    Reassembled { message: String, bytes: u64, file: DisplayPath<'e> },
    Connected { client: String, address: &'e str },
    Assigned { message: String, part: u32, parts: u32, bytes: u64, client: String },
    Encrypted { message: String, part: u32, parts: u32, part_file: DisplayPath<'e>, file: DisplayPath<'e> },
    Accepted { message: String, part: u32, parts: u32, client: String },
    NotNeeded { client: String },
    Failed { message: Option<String>, why: String },
}

/// A path for display: one that is not UTF-8 is written with replacement characters.
#[derive(Debug)]
pub(super) struct DisplayPath<'e>(pub(super) &'e Path);

impl Serialize for DisplayPath<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.display())
    }
}

#[derive(Serialize)]
struct Line<'e> {
    time: String,
    #[serde(flatten)]
    event: &'e Event<'e>,
}

/// An append-only file of events.
pub(super) struct Journal<'c> {
    directory: PathBuf,
    clock: &'c dyn Clock,
}

impl<'c> Journal<'c> {
    /// Opens or creates the journal in `directory`. Other processes may write to it, too.
    pub(super) fn open(directory: &Path, clock: &'c dyn Clock) -> io::Result<Self> {
        let journal = Self { directory: directory.into(), clock };
        journal.file().map(|_| journal)
    }

    /// Appends an event with the current time.
    pub(super) fn record(&self, event: &Event<'_>) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Line { time: time(self.clock.now()), event })?;
        line.push(b'\n');
        append(&mut self.file()?, &line)
    }

    /// Opens the file for one line: in a long run it may be rotated, or the directory emptied.
    fn file(&self) -> io::Result<File> {
        fs::create_dir_all(&self.directory)?;
        regular_file::append(&self.directory.join(NAME))
    }
}

/// Appends a whole line with a single write, so that lines of several processes do not mix. If the disk is full, a
/// partial line is removed again.
fn append(file: &mut File, line: &[u8]) -> io::Result<()> {
    let written = file.write(line)?;
    let begin = file.stream_position()? - written as u64;
    let outcome = file.write_all(&line[written..]);
    if outcome.is_err() && file.metadata()?.len() == file.stream_position()? {
        file.set_len(begin)?;
    }
    outcome
}

/// Formats a time in milliseconds since 1970 as RFC 3339 in UTC.
fn time(milliseconds: u64) -> String {
    let time = i64::try_from(milliseconds).ok().and_then(DateTime::from_timestamp_millis);
    time.unwrap_or(DateTime::<Utc>::MAX_UTC).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A notice that is not repeated while its text stays the same.
#[derive(Debug, Default)]
pub(super) struct RepeatedNotice {
    last: String,
}

impl RepeatedNotice {
    /// Shows `text` and its consequence, unless `text` was shown last.
    pub(super) fn show(&mut self, observer: Observer<'_>, text: String, consequence: &str) {
        if !self.repeats(&text) {
            observer.notice(&format!("{text}; {consequence}"));
            self.last = text;
        }
    }

    /// Returns whether `text` was shown last.
    pub(super) fn repeats(&self, text: &str) -> bool {
        self.last == text
    }

    /// Forgets the last text, so that it is shown again.
    pub(super) fn reset(&mut self) {
        self.last.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    struct FixedClock(u64);

    impl Clock for FixedClock {
        fn now(&self) -> u64 {
            self.0
        }

        fn sleep(&self, _: Duration) {}
    }

    #[test]
    fn a_journal_that_was_removed_is_created_again() {
        use std::os::unix::ffi::OsStrExt;
        let directory = tempfile::tempdir().unwrap();
        // Not UTF-8.
        let out = directory.path().join(std::ffi::OsStr::from_bytes(b"o\xFF"));
        let clock = FixedClock(0);
        let journal = Journal::open(&out, &clock).unwrap();
        for _ in 0..2 {
            fs::remove_dir_all(&out).unwrap();
            journal.record(&Event::Reassembled { message: "m".into(), bytes: 1, file: DisplayPath(&out) }).unwrap();
            let text = fs::read_to_string(out.join(NAME)).unwrap();
            assert!(text.ends_with("o\u{FFFD}\"}\n") && text.lines().count() == 1, "{text}");
        }
    }

    #[test]
    fn each_event_is_a_line_with_its_time() {
        let directory = tempfile::tempdir().unwrap();
        for now in [0, 1_764_066_896_007] {
            let clock = FixedClock(now);
            let journal = Journal::open(directory.path(), &clock).unwrap();
            journal.record(&Event::NotNeeded { client: "a".into() }).unwrap();
        }
        assert_eq!(
            fs::read_to_string(directory.path().join(NAME)).unwrap(),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"not_needed\",\"client\":\"a\"}\n\
             {\"time\":\"2025-11-25T10:34:56.007Z\",\"event\":\"not_needed\",\"client\":\"a\"}\n"
        );
    }
}
