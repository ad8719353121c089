//! lftp and curl in a third container.

use std::fs;

use super::checkout::Checkout;
use super::engine;
use crate::sandbox::CommandOutput;

/// Runs a script in a container beside the other two, which knows the server as the client does.
fn third(checkout: &Checkout, script: &str) -> CommandOutput {
    let project = checkout.project();
    let (network, known) = (format!("{project}_hestat"), format!("{project}_introduction:/server:ro"));
    engine::run(&[
        "run",
        "--rm",
        "--network",
        &network,
        "--volume",
        &known,
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
    let there = third(
        &checkout,
        &format!(
            "printf '%s' '{content}' > one; lftp -c 'open server; put one; mkdir folder; mv one folder/two; get folder/two -o three; ls folder' && cmp one three"
        ),
    );
    assert!(there.expect_code(0).stdout.contains("two"));
    assert_eq!(fs::read_to_string(checkout.at("data/server/folder/two")).unwrap(), content);
    let address = checkout.address(2);
    let fetched = third(
        &checkout,
        &format!("curl -sS -T /etc/hostname ftp://{address}/name && curl -sS ftp://server/folder/two"),
    )
    .expect_code(0);
    assert_eq!(fetched.stdout, content);
    // 9: access denied, 60: no certificate that is trusted, 64: no TLS, 67: login denied (curl(1)).
    let refused = [
        ("curl -sS -u hestat:wrong ftp://server/", 67),
        ("curl -sS --cacert /etc/ssl/certs/ca-certificates.crt ftp://server/", 60),
        ("curl -q -sS --netrc-file /server/netrc -n ftp://server/", 67),
        ("curl -sS ftp://server/%2e%2e/identity/key.pem", 9),
    ];
    for (script, code) in refused {
        let ended = third(&checkout, script);
        assert_eq!(ended.code, Some(code), "{script}: {}", ended.stderr);
    }
}
