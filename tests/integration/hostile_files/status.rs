//! The server's status of a job is untrusted text.

use std::fs;

use crate::sandbox::{CommandOutput, Sandbox, small_table};

#[test]
fn the_servers_status_is_shortened_and_cannot_control_the_terminal() {
    let sandbox = Sandbox::with_table(&small_table(50));
    let job = sandbox.init_table();
    let outbox = sandbox.server().join(format!("outbox/{job}"));
    fs::create_dir_all(&outbox).unwrap();
    let of_job = |state: &str| format!("{{\"job\":\"{job}\",\"time\":0,{state}}}").into_bytes();
    let failed = |reason: &str| of_job(&format!("\"state\":\"failed\",\"reason\":\"{reason}\""));
    let others = String::from_utf8(failed("no")).unwrap().replace(&job.to_string(), &"0".repeat(32));
    for (status, code) in [
        (failed("\\u001b[2J\\u0007\\u009b31m\\r\\nerror: all is well"), 10),
        (failed(&"long".repeat(2000)), 10),
        (failed(&"endless".repeat(20_000)), 4),
        (of_job("\"state\":\"computing\",\"done\":18446744073709551615,\"blocks\":0"), 4),
        (of_job("\"state\":\"computing\",\"done\":-1,\"blocks\":0"), 4),
        (of_job("\"state\":\"done\""), 4),
        (others.into_bytes(), 4),
        (b"[".repeat(16_000), 4),
        (vec![0xFF; 100], 4),
        (vec![], 4),
    ] {
        fs::write(outbox.join("status.json"), &status).unwrap();
        for arguments in [&["result", "--quiet"][..], &["result", "--quiet", "--wait", "--timeout", "0"]] {
            let CommandOutput { code: found, stdout, stderr } = sandbox.run(arguments);
            let shown = String::from_utf8_lossy(&status);
            assert_eq!((found, stdout.as_str()), (Some(code), ""), "{shown}: {stderr}");
            assert!(!stderr.chars().any(|c| c.is_control() && c != '\n'), "{stderr:?}");
            assert!(stderr.len() < 2000 && stderr.lines().count() == 2, "{stderr:?}");
        }
    }
    sandbox.succeed(["compute"]);
    sandbox.succeed(["result"]);
}
