//! A server that lies about sizes.

use super::manner::{Answer, Manner, say};
use super::stage::{Act, Stage};
use super::{assert_refused, try_all};

/// What SIZE can say that is not so.
fn lies() -> Vec<&'static str> {
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

/// The size of what was uploaded is believed only if it is right.
#[test]
fn an_upload_of_which_the_server_says_another_size_is_not_taken_for_complete() {
    try_all(
        lies(),
        || Stage::new(Manner::honest()),
        |stage, size| {
            let what = format!("SIZE says {size:?}");
            stage.peer.set_manner(Manner::tricky(move |line| {
                let of_upload = line.starts_with("SIZE") && line.contains("dataset.hes.");
                if of_upload { say(&format!("213 {size}")) } else { Answer::Honest }
            }));
            assert_refused(&what, &stage.init(&what), &[6, 20]);
            assert!(!stage.has_dataset(), "{what}");
        },
    );
}

/// Whatever the server says of the size, what comes is counted, and must be the honest answer.
#[test]
fn a_download_of_another_size_than_announced_is_exact_or_refused() {
    try_all(lies(), Act::new, |act, size| {
        let what = format!("SIZE says {size:?}");
        let lie = move |line: &str| {
            if line.starts_with("SIZE") { say(&format!("213 {size}")) } else { Answer::Honest }
        };
        let ended = act.answered(&what, Manner::tricky(lie));
        if ended.code == Some(0) {
            assert!(act.results().as_ref() == Some(&act.expected), "{what}");
        } else {
            assert_refused(&what, &ended, &[4, 6, 9, 20]);
            act.assert_unspoilt(&what);
        }
    });
}

/// What is there already, by the server's word, is more than the client has, or less than the server has: the client
/// begins anew, or ends.
#[test]
fn an_upload_goes_on_only_where_it_can_have_been_cut() {
    let stage = || Stage::new(Manner::honest());
    try_all(lies(), stage, |stage, size| {
        let what = format!("SIZE says {size:?} of half an upload");
        stage.peer.set_manner(Manner::tricky(move |line| match line {
            _ if line.starts_with("SIZE") && line.contains("dataset.hes") => say(&format!("213 {size}")),
            _ if line.starts_with("DONE STOR") => Answer::Close,
            _ => Answer::Honest,
        }));
        stage.peer.heard();
        assert_refused(&what, &stage.init(&what), &[6, 11, 12, 20]);
        let beginnings = stage.peer.heard();
        let beginnings = beginnings.iter().filter_map(|line| line.strip_prefix("REST ")?.parse().ok());
        assert!(beginnings.max().is_none_or(|furthest: u64| furthest < 10_000), "{what}");
        assert!(!stage.has_dataset(), "{what}");
    });
}
