//! The house's order: a room uses rooms of lower layers only, and some names stay in the room that owns them.

mod code;

use std::fs;
use std::path::Path;

use crate::house::{everything, path};
use code::Code;

/// Highest first. Rooms of one layer do not use each other.
const LAYERS: [&[&str]; 8] = [
    &["cli"],
    &["pipeline", "scenarios"],
    &["transfer", "keystore", "report", "wire"],
    &["package"],
    &["he", "crypto"],
    &["encoding"],
    &["table", "statistics"],
    &["foundation"],
];

/// Words of the code, and where alone they may stand: files or folders below `src`.
const AT_HOME: [(&[&str], &[&str]); 11] = [
    (&["tfhe", "tfhe_ntt"], &["he/"]),
    (&["aws_lc_rs"], &["crypto/", "he/mask.rs", "transfer/tls.rs", "wire/tls.rs"]),
    (&["suppaftp"], &["transfer/ftp/"]),
    (&["rustls", "tokio_rustls"], &["transfer/", "wire/"]),
    (&["rcgen"], &["keystore/server.rs", "wire/certificate.rs"]),
    (&["tokio", "tokio_util", "futures_util"], &["wire/", "scenarios/"]),
    (&["clap", "clap_complete", "clap_mangen", "anyhow", "indicatif"], &["cli/"]),
    (&["bincode"], &["foundation/codec.rs"]),
    (&["print", "println", "eprint", "eprintln", "dbg", "stdout", "stderr"], &["cli/", "main.rs"]),
    (&["argon2"], &["crypto/"]),
    (&["pkcs8", "base64"], &["crypto/"]),
];

/// Words that must not stand in these files, not even as part of a longer word: the server's code is without any key.
const WITHOUT_A_KEY: [&str; 3] = ["pipeline/compute.rs", "pipeline/outbox.rs", "pipeline/watch.rs"];
const KEYS: [&str; 5] = ["keystore", "SecretKey", "Decryptor", "Passphrase", "Secrets"];

#[test]
fn no_room_uses_one_that_is_not_below_it() {
    let breaches: Vec<String> = sources().iter().flat_map(|(file, text)| layer_breaches(file, text)).collect();
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn foreign_names_stay_in_the_rooms_that_own_them() {
    let breaches: Vec<String> = sources().iter().flat_map(|(file, text)| strays(file, text)).collect();
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn the_server_s_code_names_no_key() {
    let sources = sources();
    for server in WITHOUT_A_KEY {
        let (file, text) = sources.iter().find(|(file, _)| file == server).expect(server);
        assert_eq!(named_keys(file, text), Vec::<String>::new());
    }
}

#[test]
fn every_room_has_a_layer() {
    let text = sources().into_iter().find(|(file, _)| file == "lib.rs").expect("lib.rs").1;
    let code = Code::of(&text);
    let words = code.words();
    let rooms = words.windows(3).filter(|three| three[0] == "pub" && three[1] == "mod").map(|three| three[2]);
    let without: Vec<&str> = rooms.filter(|room| layer(room).is_none()).collect();
    assert!(words.contains(&"foundation") && without.is_empty(), "give these a layer: {without:?}");
}

#[test]
fn every_wall_is_there() {
    let sources = sources();
    let used = |word: &&str| sources.iter().any(|(_, text)| Code::of(text).names().contains(word));
    for (words, _) in AT_HOME {
        assert!(words.iter().any(used), "nothing uses {words:?}: is the rule still about something?");
    }
}

#[test]
fn the_checker_catches_planted_breaches() {
    for (file, text) in [
        ("he/keys.rs", "use crate::keystore::Job;"),
        ("he/keys.rs", "fn f() -> crate::encoding::Plan { todo() } use crate::crypto::Passphrase;"),
        ("table/reader.rs", "use crate::{foundation::decimal::Decimal, statistics::{Sums, Term}};"),
        ("table/reader.rs", "use crate :: /* far */ pipeline :: PipelineError;"),
        ("package/frame.rs", "use super::super::transfer::Location;"),
        ("package/mod.rs", "use super::transfer::Location;"),
        ("package/frame.rs", "use hestat::transfer::Location;"),
        ("transfer/local.rs", "#[cfg(test)] mod tests { use super::super::super::keystore::Job; }"),
        ("report/json.rs", "use crate::pipeline::init::Initiated;"),
        ("report/json.rs", "use crate::pipeline::{check::Comparison, init::Initiated};"),
        ("foundation/exact.rs", "use crate::nowhere::Room;"),
        ("foundation/exact.rs", "use crate::*;"),
        ("wire/link.rs", "use crate::scenarios::fog::FOG;"),
        ("wire/link.rs", "use crate::keystore::KeyFiles;"),
        ("pipeline/run.rs", "fn quote() { let c = '\"'; crate::cli::main() } // \""),
    ] {
        assert!(!layer_breaches(file, text).is_empty(), "missed in {file}: {text}");
    }
    for (file, text) in [
        ("package/frame.rs", "extern crate tfhe;"),
        ("he/keys.rs", "use aws_lc_rs::rand;"),
        ("pipeline/run.rs", "fn f() { println!(\"{}\", 1); }"),
        ("keystore/keys.rs", "use tokio::fs::File;"),
        ("scenarios/fog/node.rs", "use rustls::ClientConfig;"),
        ("report/csv.rs", "let out = std::io::stdout().lock();"),
        ("keystore/job.rs", "bincode::serialize(&1)"),
        ("table/error.rs", "fn f<'a>(x: &'a str) -> anyhow::Error { todo() }"),
        ("keystore/keys.rs", "use pkcs8::der::Document; fn f(key: &Key) { key.pkcs8(); }"),
    ] {
        assert!(!strays(file, text).is_empty(), "missed in {file}: {text}");
    }
    assert_eq!(named_keys("pipeline/compute.rs", "use crate::he::{Evaluator, SecretKey as K};").len(), 1);
    assert_eq!(named_keys("pipeline/compute.rs", "let job: JobSecrets = open();").len(), 1);
}

#[test]
fn the_checker_lets_the_rest_be() {
    for (file, text) in [
        ("he/keys.rs", "use crate::foundation::{random::Randomness, secret::Secret};"),
        ("he/keys.rs", "// use crate::keystore::Job;\n/* /* nested */ crate::cli */ use super::ring::P;"),
        ("he/keys.rs", "let s = \"crate::cli \\\" crate::cli\"; let r = r#\"crate::cli \" crate::cli\"#;"),
        ("he/keys.rs", "use crate::he::layout::Layout; #[cfg(test)] mod tests { use super::super::bridge::B; }"),
        ("report/table.rs", "use crate::statistics::{Comparison, Difference};"),
        ("pipeline/run.rs", "pub(crate) fn f<'a>(x: &'a str, c: char) { c == '\\'' || c == '\"' }"),
        ("keystore/keys.rs", "fn f(key: &IdentityKey) -> &[u8] { key.pkcs8() } trait T { fn pkcs8(&self); }"),
        ("lib.rs", "pub mod cli;"),
        ("main.rs", "hestat::cli::main()"),
    ] {
        assert_eq!(layer_breaches(file, text), Vec::<String>::new(), "{file}: {text}");
        assert_eq!(strays(file, text), Vec::<String>::new(), "{file}: {text}");
    }
}

/// All of `src`, each file by its path below it.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rust = everything(&root).into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs"));
    let read = |file: std::path::PathBuf| {
        (path(file.strip_prefix(&root).unwrap()).to_owned(), fs::read_to_string(&file).unwrap())
    };
    rust.map(read).collect()
}

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|rooms| rooms.contains(&room))
}

/// Uses of rooms that are not below the file's own.
fn layer_breaches(file: &str, text: &str) -> Vec<String> {
    // The crate's own two files stand above all rooms.
    let Some((room, _)) = file.split_once('/') else { return Vec::new() };
    let Some(own) = layer(room) else { return vec![format!("{file}: the room {room} has no layer")] };
    let uses = Code::of(text).crate_paths(file);
    let breach = |(used, _): &(String, String)| used != room && layer(used).is_none_or(|layer| layer <= own);
    uses.iter().filter(|path| breach(path)).map(|(used, item)| format!("{file} uses {used}::{item}")).collect()
}

/// Words that stand where they are not at home.
fn strays(file: &str, text: &str) -> Vec<String> {
    let code = Code::of(text);
    let stray = |(words, homes): &(&[&'static str], &[&str])| {
        let at_home = homes.iter().any(|home| file.starts_with(home));
        words.iter().copied().filter(|word| !at_home && code.names().contains(word)).collect::<Vec<_>>()
    };
    AT_HOME.iter().flat_map(stray).map(|word| format!("{file} names {word}")).collect()
}

/// Words that name what the server must not have.
fn named_keys(file: &str, text: &str) -> Vec<String> {
    let code = Code::of(text);
    let names = |word: &&&str| KEYS.iter().any(|key| word.contains(key));
    code.words().iter().filter(names).map(|word| format!("{file} names {word}")).collect()
}
