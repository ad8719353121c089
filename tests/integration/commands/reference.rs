//! docs/CLI.md describes the commands as they are.

use std::fs;
use std::path::Path;

/// Set to any value, it makes the test renew the file.
const RENEW: &str = "HESTAT_TEST_RENEW";

#[test]
fn the_command_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/CLI.md");
    let expected = hestat::cli::reference::markdown();
    if std::env::var_os(RENEW).is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    let difference = expected.lines().zip(found.lines()).find(|(expected, found)| expected != found);
    assert!(
        found == expected,
        "docs/CLI.md is stale; renew it with: {RENEW}=1 cargo test --test integration reference\n\
         first difference (expected, found): {difference:#?}"
    );
}
