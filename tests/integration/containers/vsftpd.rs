//! The vsftpd profile: the same client with another server.

use super::checkout::Checkout;
use super::engine;
use crate::sandbox::wait_until;

#[test]
#[ignore = "needs a container engine"]
fn the_same_client_uses_vsftpd_with_hestat_compute_beside_it() {
    let checkout = Checkout::new();
    checkout.compose(&["--profile", "vsftpd", "up", "-d", "--build"]).expect_code(0);
    // With the server stopped, only `hestat compute` can compute the job.
    engine::output(&["stop", "server"]);
    let address = checkout.address(4);
    let client = |arguments: &[&str]| {
        engine::run(
            &[&["exec", "--env", &format!("HESTAT_SERVER=ftps://hestat@{address}"), "client"], arguments].concat(),
        )
    };
    wait_until("vsftpd", || client(&["hestat", "ping", "--quiet", "--retries", "0"]).code == Some(0));
    client(&["hestat", "init"]).expect_code(0);
    let output = client(&["hestat", "result", "--check", "/input/table.csv"]).expect_code(0).stdout;
    assert!(
        output.ends_with("All 96 statistics of 16 columns equal those of the clear data, to the last digit.\n"),
        "{output}"
    );
    assert!(engine::output(&["logs", "compute"]).contains("computed"));
    // The account is confined to /data, which contains neither the key nor the password's hash.
    for hidden in ["identity/key.pem", "tmp/passwords", "etc/passwd", "../etc/passwd"] {
        let code = client(&["curl", "-sS", &format!("ftp://{address}//{hidden}")]).code;
        assert!(matches!(code, Some(9 | 78)), "{hidden}: {code:?}");
    }
    let listed = client(&["curl", "-sS", "--list-only", &format!("ftp://{address}/")]).expect_code(0).stdout;
    assert_eq!(listed.replace('\r', ""), "inbox\noutbox\n");
    let capabilities = engine::output(&["exec", "vsftpd", "grep", "CapBnd", "/proc/1/status"]);
    // CAP_DAC_READ_SEARCH, CAP_SETGID, CAP_SETUID, CAP_SYS_CHROOT: bits 2, 6, 7 and 18 (capabilities(7)).
    assert_eq!(
        u64::from_str_radix(capabilities.split_whitespace().last().unwrap(), 16),
        Ok(1 << 2 | 1 << 6 | 1 << 7 | 1 << 18)
    );
}
