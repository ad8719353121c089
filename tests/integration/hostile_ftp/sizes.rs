//! A server that reports wrong file sizes.

use super::behavior::{Behavior, Reaction, send_reply};
use super::fixture::{FetchableJob, Fixture};
use super::{assert_refused, try_all};

/// False replies to SIZE.
fn false_sizes() -> Vec<&'static str> {
    vec![
        "0",
        "1",
        "33",
        "999999999",
        "-1",
        "-9223372036854775808",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "340282366920938463463374607431768211456",
        "1e9",
        "0x10",
        "",
        "many",
        "1 2",
        "١٢",
    ]
}

/// The upload counts as complete only if the server reports the correct size.
#[test]
fn an_upload_with_a_wrong_reported_size_is_not_complete() {
    try_all(
        false_sizes(),
        || Fixture::new(Behavior::correct()),
        |fixture, size| {
            let case = format!("SIZE says {size:?}");
            fixture.server.set_behavior(Behavior::with_reactions(move |line| {
                let of_upload = line.starts_with("SIZE") && line.contains("dataset.hes.");
                if of_upload { send_reply(&format!("213 {size}")) } else { Reaction::Correct }
            }));
            assert_refused(&case, &fixture.init(&case), &[6, 20]);
            assert!(!fixture.has_dataset(), "{case}");
        },
    );
}

/// Whatever size the server reports, the bytes received are counted and must be the correct totals.
#[test]
fn a_download_of_another_size_than_announced_is_exact_or_refused() {
    try_all(false_sizes(), FetchableJob::new, |computed, size| {
        let case = format!("SIZE says {size:?}");
        let false_size = move |line: &str| {
            if line.starts_with("SIZE") { send_reply(&format!("213 {size}")) } else { Reaction::Correct }
        };
        let output = computed.result_with(&case, Behavior::with_reactions(false_size));
        if output.code == Some(0) {
            assert!(computed.results().as_ref() == Some(&computed.expected), "{case}");
        } else {
            assert_refused(&case, &output, &[4, 6, 9, 20]);
            computed.assert_job_intact(&case);
        }
    });
}

/// The server claims to hold more of an upload than the client has, or less than it has received: the client starts
/// again or fails.
#[test]
fn an_upload_resumes_only_at_a_plausible_offset() {
    let fixture = || Fixture::new(Behavior::correct());
    try_all(false_sizes(), fixture, |fixture, size| {
        let case = format!("SIZE says {size:?} of half an upload");
        fixture.server.set_behavior(Behavior::with_reactions(move |line| match line {
            _ if line.starts_with("SIZE") && line.contains("dataset.hes") => send_reply(&format!("213 {size}")),
            _ if line.starts_with("DONE STOR") => Reaction::Close,
            _ => Reaction::Correct,
        }));
        fixture.server.received_lines();
        assert_refused(&case, &fixture.init(&case), &[6, 11, 12, 20]);
        let lines = fixture.server.received_lines();
        let offsets = lines.iter().filter_map(|line| line.strip_prefix("REST ")?.parse().ok());
        assert!(offsets.max().is_none_or(|furthest: u64| furthest < 10_000), "{case}");
        assert!(!fixture.has_dataset(), "{case}");
    });
}
