//! lftp and curl in a third container.

use std::fs;

use super::checkout::Checkout;
use super::engine;
use crate::sandbox::CommandOutput;

/// Runs a script in a third container, which has the server's certificate and password, as the client has.
fn run_in_third_container(checkout: &Checkout, script: &str) -> CommandOutput {
    let project = checkout.project();
    let (network, introduction) = (format!("{project}_hestat"), format!("{project}_introduction:/server:ro"));
    engine::run(&[
        "run",
        "--rm",
        "--network",
        &network,
        "--volume",
        &introduction,
        "--workdir",
        "/tmp",
        "hestat-client",
        "sh",
        "-c",
        script,
    ])
}

#[test]
#[ignore = "needs a container engine"]
fn lftp_and_curl_in_a_third_container_reach_the_server_by_name() {
    let checkout = Checkout::up();
    let content = "über alles, what is in here\n".repeat(1000);
    let output = run_in_third_container(
        &checkout,
        &format!(
            "printf '%s' '{content}' > one; lftp -c 'open server; put one; mkdir directory; mv one directory/two; get directory/two -o three; ls directory' && cmp one three"
        ),
    );
    assert!(output.expect_code(0).stdout.contains("two"));
    assert_eq!(fs::read_to_string(checkout.at("data/server/directory/two")).unwrap(), content);
    let address = checkout.address(2);
    let fetched = run_in_third_container(
        &checkout,
        &format!("curl -sS -T /etc/hostname ftp://{address}/name && curl -sS ftp://server/directory/two"),
    )
    .expect_code(0);
    assert_eq!(fetched.stdout, content);
    // 9: access denied, 60: untrusted certificate, 64: no TLS, 67: login denied (curl(1)).
    let refused = [
        ("curl -sS -u hestat:wrong ftp://server/", 67),
        ("curl -sS --cacert /etc/ssl/certs/ca-certificates.crt ftp://server/", 60),
        ("curl -q -sS --netrc-file /server/netrc -n ftp://server/", 67),
        ("curl -sS ftp://server/%2e%2e/identity/key.pem", 9),
    ];
    for (script, code) in refused {
        let output = run_in_third_container(&checkout, script);
        assert_eq!(output.code, Some(code), "{script}: {}", output.stderr);
    }
}
