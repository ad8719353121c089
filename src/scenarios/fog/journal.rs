//! The journal, a file with one JSON object per line and event, and notices that are not repeated. Neither contains
//! content or keys.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::foundation::observer::Observer;
use crate::foundation::regular_file;

/// The name of the journal file.
pub(super) const NAME: &str = "journal.jsonl";

/// An event. `node` and `client` are fingerprints, `file` and `part_file` paths; a failure names the message at the
/// client only.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event<'e> {
    Listening { address: String, message: String, bytes: u64, parts: u32 },
    Joined { node: String, from: &'e str },
    Refused { node: String, from: &'e str },
    Given { message: String, part: u32, parts: u32, bytes: u64, node: String },
    Returned { message: String, part: u32, parts: u32, node: String, file: String },
    Lost { message: String, part: Option<u32>, node: String, why: String },
    Reassembled { message: String, bytes: u64, file: String },
    Connected { client: String, address: &'e str },
    Assigned { message: String, part: u32, parts: u32, bytes: u64, client: String },
    Encrypted { message: String, part: u32, parts: u32, part_file: String, file: String },
    Accepted { message: String, part: u32, parts: u32, client: String },
    NotNeeded { client: String },
    Failed { message: Option<String>, why: String },
}

#[derive(Serialize)]
struct Line<'e> {
    time: String,
    #[serde(flatten)]
    event: &'e Event<'e>,
}

/// Opens or creates the journal in `directory`. Other processes may write to it, too.
pub(super) fn open(directory: &Path) -> io::Result<File> {
    fs::create_dir_all(directory)?;
    regular_file::append(&directory.join(NAME))
}

/// Appends an event that happened at `now`, in milliseconds since 1970, to the journal in `directory`. Opens the file
/// for each event: in a long run it may be rotated, or the directory emptied.
pub(super) fn record(directory: &Path, now: u64, event: &Event<'_>) -> io::Result<()> {
    let mut line = serde_json::to_vec(&Line { time: rfc3339(now), event })?;
    line.push(b'\n');
    append(&mut open(directory)?, &line)
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

/// Formats a time in milliseconds since 1970 as RFC 3339 in UTC. RFC 3339 ends with the year 9999; later times, which
/// only a wrong clock gives, have a longer year, up to the last one that `chrono` knows.
fn rfc3339(milliseconds: u64) -> String {
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

    #[test]
    fn a_journal_that_was_removed_is_created_again() {
        use std::os::unix::ffi::OsStrExt;
        let directory = tempfile::tempdir().unwrap();
        // Not UTF-8.
        let out = directory.path().join(std::ffi::OsStr::from_bytes(b"o\xFF"));
        open(&out).unwrap();
        for _ in 0..2 {
            fs::remove_dir_all(&out).unwrap();
            let event = Event::Reassembled { message: "m".into(), bytes: 1, file: out.display().to_string() };
            record(&out, 0, &event).unwrap();
            let text = fs::read_to_string(out.join(NAME)).unwrap();
            assert!(text.ends_with("o\u{FFFD}\"}\n") && text.lines().count() == 1, "{text}");
        }
    }

    #[test]
    fn each_event_is_a_line_with_its_time() {
        let directory = tempfile::tempdir().unwrap();
        for now in [0, 1_764_066_896_007] {
            record(directory.path(), now, &Event::NotNeeded { client: "a".into() }).unwrap();
        }
        assert_eq!(
            fs::read_to_string(directory.path().join(NAME)).unwrap(),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"not_needed\",\"client\":\"a\"}\n\
             {\"time\":\"2025-11-25T10:34:56.007Z\",\"event\":\"not_needed\",\"client\":\"a\"}\n"
        );
    }
}
