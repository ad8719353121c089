//! What happened when: one JSON object a line, without payloads and keys.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use chrono::DateTime;
use serde::{Serialize, Serializer};

use crate::foundation::clock::Clock;
use crate::foundation::regular_file;

/// The file's name.
pub(super) const NAME: &str = "journal.jsonl";

/// An event, as it is written down. `node` and `client` are fingerprints; a failure names the message at the client only.
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

/// A path as it is shown: it need not be UTF-8.
#[derive(Debug)]
pub(super) struct DisplayPath<'e>(pub(super) &'e Path);

impl Serialize for DisplayPath<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.display())
    }
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
    folder: PathBuf,
    clock: &'c dyn Clock,
}

impl<'c> Journal<'c> {
    /// The one in `folder`, which others may also write into.
    pub(super) fn open(folder: &Path, clock: &'c dyn Clock) -> io::Result<Self> {
        let journal = Self { folder: folder.into(), clock };
        journal.file().map(|_| journal)
    }

    /// Writes down that this happens now.
    pub(super) fn record(&self, event: &Event<'_>) -> io::Result<()> {
        let mut line = serde_json::to_vec(&Line { time: time(self.clock.now()), event })?;
        line.push(b'\n');
        append(&mut self.file()?, &line)
    }

    /// Opened for each line: who stays for days finds it moved away, or the folder emptied.
    fn file(&self) -> io::Result<File> {
        fs::create_dir_all(&self.folder)?;
        regular_file::append(&self.folder.join(NAME))
    }
}

/// Appends a whole line, in one go, so that lines of others do not come in between, or nothing: of one that does not fit on
/// the disk, what is there is taken back.
fn append(file: &mut File, line: &[u8]) -> io::Result<()> {
    let written = file.write(line)?;
    let begin = file.stream_position()? - written as u64;
    let outcome = file.write_all(line.get(written..).unwrap_or_default());
    if outcome.is_err() && file.metadata()?.len() == file.stream_position()? {
        file.set_len(begin)?;
    }
    outcome
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
    fn a_journal_that_is_taken_away_is_begun_anew() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        // No UTF-8.
        let out = folder.path().join(std::ffi::OsStr::from_bytes(b"o\xFF"));
        let clock = Stopped(0);
        let journal = Journal::open(&out, &clock).unwrap();
        for _ in 0..2 {
            fs::remove_dir_all(&out).unwrap();
            journal.record(&Event::Reassembled { message: "m".into(), bytes: 1, file: DisplayPath(&out) }).unwrap();
            let text = fs::read_to_string(out.join(NAME)).unwrap();
            assert!(text.ends_with("o\u{FFFD}\"}\n") && text.lines().count() == 1, "{text}");
        }
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
            fs::read_to_string(folder.path().join(NAME)).unwrap(),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"not_needed\",\"client\":\"a\"}\n\
             {\"time\":\"2025-11-25T10:34:56.007Z\",\"event\":\"not_needed\",\"client\":\"a\"}\n"
        );
    }
}
