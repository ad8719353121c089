//! Checks the architecture in the sources: a module uses only modules of lower layers, no files import each other in a
//! cycle, and some names, such as those of external crates, are used only in certain files.

mod code;
mod cycles;

use std::fs;
use std::path::Path;

use crate::sandbox::{files_below, path};
use code::{Code, module_of};
use cycles::Imports;

/// Highest first. Modules of one layer do not use each other; nor do scenarios.
const LAYERS: [&[&str]; 8] = [
    &["cli"],
    &["pipeline", "scenarios"],
    &["transfer", "keystore", "report", "store", "wire"],
    &["package"],
    &["he", "crypto"],
    &["encoding"],
    &["table", "statistics"],
    &["foundation"],
];

/// Names, and the only files or directories below `src` that may use them.
const RESTRICTED_NAMES: [(&[&str], &[&str]); 12] = [
    (&["tfhe", "tfhe_ntt"], &["he/"]),
    (&["aws_lc_rs"], &["crypto/", "he/mask.rs", "transfer/tls.rs", "wire/tls.rs"]),
    (&["suppaftp"], &["transfer/ftp/"]),
    (&["rustls", "tokio_rustls"], &["transfer/", "wire/"]),
    (&["rcgen"], &["keystore/server.rs", "wire/certificate.rs"]),
    (&["tokio", "tokio_util", "futures_util"], &["wire/", "store/", "scenarios/"]),
    (&["rusqlite"], &["store/"]),
    (&["clap", "clap_complete", "clap_mangen", "anyhow", "indicatif"], &["cli/"]),
    (&["bincode"], &["foundation/codec.rs"]),
    (&["print", "println", "eprint", "eprintln", "dbg", "stdout", "stderr"], &["cli/", "main.rs"]),
    (&["argon2"], &["crypto/"]),
    (&["pkcs8", "base64"], &["crypto/"]),
];

/// Files of the server, which has no key.
const SERVER_FILES: [&str; 3] = ["pipeline/compute.rs", "pipeline/outbox.rs", "pipeline/watch.rs"];
/// Words that these files must not contain, not even as part of a longer word.
const KEY_WORDS: [&str; 5] = ["keystore", "SecretKey", "Decryptor", "Passphrase", "Secrets"];

#[test]
fn modules_use_only_lower_layers() {
    let violations: Vec<String> = sources().iter().flat_map(|(file, text)| layer_violations(file, text)).collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn files_do_not_import_each_other_in_cycles() {
    assert_eq!(Imports::of(&sources()).cycles(), Vec::<String>::new());
}

#[test]
fn restricted_names_are_used_only_where_allowed() {
    let violations: Vec<String> = sources().iter().flat_map(|(file, text)| misplaced_names(file, text)).collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn the_server_refers_to_no_key() {
    let sources = sources();
    for server in SERVER_FILES {
        let (file, text) = sources.iter().find(|(file, _)| file == server).expect(server);
        assert_eq!(key_references(file, text), Vec::<String>::new());
    }
}

#[test]
fn every_module_has_a_layer() {
    let text = sources().into_iter().find(|(file, _)| file == "lib.rs").expect("lib.rs").1;
    let code = Code::of(&text);
    let words = code.words();
    let modules = words.windows(3).filter(|three| three[0] == "pub" && three[1] == "mod").map(|three| three[2]);
    let without: Vec<&str> = modules.filter(|module| layer(module).is_none()).collect();
    assert!(words.contains(&"foundation") && without.is_empty(), "these modules have no layer: {without:?}");
}

#[test]
fn no_rule_about_names_is_obsolete() {
    let sources = sources();
    let used = |word: &&str| sources.iter().any(|(_, text)| Code::of(text).names().contains(word));
    for (words, _) in RESTRICTED_NAMES {
        assert!(words.iter().any(used), "nothing uses {words:?}: the rule is obsolete");
    }
}

#[test]
fn violations_are_found() {
    for (file, text) in [
        ("he/keys.rs", "use crate::keystore::Job;"),
        ("he/keys.rs", "fn f() -> crate::encoding::Plan { todo() } use crate::crypto::Passphrase;"),
        ("table/reader/mod.rs", "use crate::{foundation::decimal::Decimal, statistics::{Sums, Term}};"),
        ("table/reader/mod.rs", "use crate :: /* far */ pipeline :: PipelineError;"),
        ("package/hes_file.rs", "use super::super::transfer::Location;"),
        ("package/mod.rs", "use super::transfer::Location;"),
        ("package/hes_file.rs", "use hestat::transfer::Location;"),
        ("transfer/local.rs", "#[cfg(test)] mod tests { use super::super::super::keystore::Job; }"),
        ("report/json.rs", "use crate::pipeline::init::Initiated;"),
        ("report/json.rs", "use crate::pipeline::{check::Comparison, init::Initiated};"),
        ("foundation/decimal.rs", "use crate::nowhere::Module;"),
        ("foundation/decimal.rs", "use crate::*;"),
        ("wire/link.rs", "use crate::scenarios::fog::FOG;"),
        ("scenarios/fog/node.rs", "use crate::scenarios::other::Node;"),
        ("scenarios/fog/node.rs", "use super::super::other::Node;"),
        ("scenarios/fog/node.rs", "use crate::pipeline::PipelineError;"),
        ("wire/link.rs", "use crate::keystore::KeyFiles;"),
        ("store/writer.rs", "use crate::wire::runtime::blocking;"),
        ("pipeline/run.rs", "fn quote() { let c = '\"'; crate::cli::main() } // \""),
    ] {
        assert!(!layer_violations(file, text).is_empty(), "missed in {file}: {text}");
    }
    for (file, text) in [
        ("package/hes_file.rs", "extern crate tfhe;"),
        ("he/keys.rs", "use aws_lc_rs::rand;"),
        ("pipeline/run.rs", "fn f() { println!(\"{}\", 1); }"),
        ("keystore/keys.rs", "use tokio::fs::File;"),
        ("scenarios/fog/node.rs", "use rusqlite::Connection;"),
        ("scenarios/fog/node.rs", "use rustls::ClientConfig;"),
        ("report/csv.rs", "let out = std::io::stdout().lock();"),
        ("keystore/job.rs", "bincode::serialize(&1)"),
        ("table/error.rs", "fn f<'a>(x: &'a str) -> anyhow::Error { todo() }"),
        ("keystore/keys.rs", "use pkcs8::der::Document; fn f(key: &Key) { key.pkcs8(); }"),
    ] {
        assert!(!misplaced_names(file, text).is_empty(), "missed in {file}: {text}");
    }
    assert_eq!(key_references("pipeline/compute.rs", "use crate::he::{Evaluator, SecretKey as K};").len(), 1);
    assert_eq!(key_references("pipeline/compute.rs", "let job: JobSecrets = open();").len(), 1);
}

#[test]
fn cycles_are_found() {
    let cycles = |files: &[(&str, &str)]| {
        let sources: Vec<_> = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
        Imports::of(&sources).cycles()
    };
    for files in [
        &[("he/a.rs", "use super::b::B;"), ("he/b.rs", "use super::a::A;")][..],
        &[
            ("he/a.rs", "fn f() -> super::b::B { todo!() }"),
            ("he/b.rs", "use crate::he::{c::C, d}; mod m { use super::super::a::A; }"),
        ],
        &[
            ("he/a.rs", "use super::b::B;"),
            ("he/b.rs", "use super::c::C;"),
            ("he/c.rs", "use super::{a::A, d::D};"),
            ("he/d.rs", ""),
        ],
        &[
            ("he/mod.rs", "mod a; mod b; pub use a::A; pub use self::b::{B, C as D};"),
            ("he/a.rs", "use crate::he::B;"),
            ("he/b.rs", "use super::A;"),
        ],
    ] {
        assert_eq!(cycles(files).len(), 1, "{files:?}");
    }
    for files in [
        &[("he/mod.rs", "mod a; use a::A;"), ("he/a.rs", "use super::X;")][..],
        &[("he/a.rs", "use super::b::B;"), ("he/b.rs", "#[cfg(test)] mod tests { use super::super::a::A; }")],
        &[("he/a.rs", "use super::b::B;"), ("he/b.rs", "// use super::a::A;\nuse super::c::A;"), ("he/c.rs", "")],
        &[
            ("he/mod.rs", "mod a; mod b; pub use a::a;"),
            ("he/a.rs", "use super::b::B;"),
            ("he/b.rs", "use super::c::C;"),
        ],
    ] {
        assert_eq!(cycles(files), Vec::<String>::new(), "{files:?}");
    }
}

#[test]
fn permitted_code_is_not_reported() {
    for (file, text) in [
        ("he/keys.rs", "use crate::foundation::{random::Randomness, secret::Secret};"),
        ("he/keys.rs", "// use crate::keystore::Job;\n/* /* nested */ crate::cli */ use super::ring::P;"),
        ("he/keys.rs", "let s = \"crate::cli \\\" crate::cli\"; let r = r#\"crate::cli \" crate::cli\"#;"),
        ("he/keys.rs", "use crate::he::layout::Layout; #[cfg(test)] mod tests { use super::super::noise::Noise; }"),
        ("report/table.rs", "use crate::statistics::{Comparison, Difference};"),
        ("pipeline/run.rs", "pub(crate) fn f<'a>(x: &'a str, c: char) { c == '\\'' || c == '\"' }"),
        ("keystore/keys.rs", "fn f(key: &IdentityKey) -> &[u8] { key.pkcs8() } trait T { fn pkcs8(&self); }"),
        ("scenarios/fog/node.rs", "use crate::scenarios::fog::FOG; use super::files::Files;"),
        ("scenarios/mod.rs", "pub mod fog; use self::fog::FOG;"),
        ("lib.rs", "pub mod cli;"),
        ("main.rs", "hestat::cli::main()"),
    ] {
        assert_eq!(layer_violations(file, text), Vec::<String>::new(), "{file}: {text}");
        assert_eq!(misplaced_names(file, text), Vec::<String>::new(), "{file}: {text}");
    }
}

/// All files below `src`: the path relative to it, and the text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rust = files_below(&root).into_iter().filter(|file| file.extension().is_some_and(|end| end == "rs"));
    let read = |file: std::path::PathBuf| {
        (path(file.strip_prefix(&root).unwrap()).to_owned(), fs::read_to_string(&file).unwrap())
    };
    rust.map(read).collect()
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

/// Paths in a file that lead to another module of its own layer or a higher one, or to another scenario.
fn layer_violations(file: &str, text: &str) -> Vec<String> {
    // `lib.rs` and `main.rs` are above all modules.
    let Some((module, rest)) = file.split_once('/') else { return Vec::new() };
    let Some(own) = layer(module) else { return vec![format!("{file}: the module {module} has no layer")] };
    let scenario = rest.split_once('/').map(|(scenario, _)| scenario).filter(|_| module == "scenarios");
    let is_violation = |path: &&Vec<String>| match path.first() {
        Some(used) if used == module => {
            scenario.is_some_and(|own| path.get(1).is_some_and(|used| is_module_name(used) && used != own))
        }
        Some(used) => layer(used).is_none_or(|layer| layer <= own),
        None => false,
    };
    let paths = Code::of(text).paths(&module_of(file));
    paths.iter().filter(is_violation).map(|path| format!("{file} uses {}", path.join("::"))).collect()
}

fn is_module_name(segment: &str) -> bool {
    segment.starts_with(char::is_lowercase)
}

/// Names that a file uses, but must not use.
fn misplaced_names(file: &str, text: &str) -> Vec<String> {
    let code = Code::of(text);
    let misplaced = |(words, places): &(&[&'static str], &[&str])| {
        let is_allowed = places.iter().any(|place| file.starts_with(place));
        words.iter().copied().filter(|word| !is_allowed && code.names().contains(word)).collect::<Vec<_>>()
    };
    RESTRICTED_NAMES.iter().flat_map(misplaced).map(|word| format!("{file} names {word}")).collect()
}

/// Words in a file that refer to keys.
fn key_references(file: &str, text: &str) -> Vec<String> {
    let code = Code::of(text);
    let names = |word: &&&str| KEY_WORDS.iter().any(|key| word.contains(key));
    code.words().iter().filter(names).map(|word| format!("{file} names {word}")).collect()
}
