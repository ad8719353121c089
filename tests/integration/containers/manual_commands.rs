//! Subcommands in ways that the documentation's examples do not use.

use std::fs;

use super::checkout::Checkout;
use super::engine;
use super::owner::CheckoutOwner;
use crate::sandbox::Process;

/// A table with statistics that are easy to verify.
const TABLE: &str = "a,b\n1,2.5\n2,\n6,4.5\n";
const RESULT: &str =
    "column,count,missing,sum,mean,variance,std\na,3,0,9,3,7,2.6457513110645907\nb,2,1,7,3.5,2,1.4142135623730951\n";

fn result(checkout: &Checkout) -> String {
    checkout.client(&["hestat", "result"]).expect_code(0);
    fs::read_to_string(checkout.at("data/client/decrypted_results.csv")).unwrap()
}

#[test]
#[ignore = "needs a container engine"]
fn without_automatic_computation_compute_runs_by_hand() {
    let checkout = Checkout::new();
    checkout.write_table("own.csv", TABLE);
    checkout.configure("HESTAT_NO_COMPUTE=true\nHESTAT_CSV=./own.csv");
    checkout.start();
    checkout.client(&["hestat", "init"]).expect_code(0);
    assert_eq!(checkout.client(&["hestat", "result", "--timeout", "1"]).code, Some(4));
    let output = checkout.server(&["hestat", "compute"]).expect_code(0).stdout;
    assert!(output.starts_with("job ") && output.ends_with(" computed\n"), "{output}");
    assert_eq!(result(&checkout), RESULT);
    // Automatic and manual computation at the same time.
    checkout.configure("HESTAT_NO_COMPUTE=false\nHESTAT_CSV=./own.csv");
    checkout.start();
    for _ in 0..3 {
        let watching = ["exec", "server", "timeout", "--signal=TERM", "2", "hestat", "compute", "--watch"];
        let watching = Process::new(engine::command(&watching).spawn().unwrap());
        checkout.client(&["hestat", "init"]).expect_code(0);
        let output = checkout.server(&["hestat", "compute"]).stdout;
        assert!(!output.contains("failed"), "{output}");
        assert_eq!(result(&checkout), RESULT);
        watching.end();
    }
    assert_eq!(engine::run(&["logs", "server"]).stderr.matches("not computed").count(), 0);
}

/// The owner of the checkout can read and delete the containers' files without root.
#[test]
#[ignore = "needs a container engine"]
fn files_are_accessible_to_the_owner_of_the_checkout() {
    let checkout = Checkout::new();
    // The result does not depend on the umask.
    let private = ["-R", "go=", "docker", "docker-compose.yml", "run.sh"];
    assert!(checkout.command("chmod", &private).status().unwrap().success());
    let owner = CheckoutOwner::of(&checkout);
    checkout.start();
    let make = "hestat init && hestat result && mkdir -p x/y && echo z > x/y/z && lftp -c 'open server; mkdir q; put -O q x/y/z'";
    checkout.client(&["sh", "-c", make]).expect_code(0);
    let read =
        "cat data/client/x/y/z data/server/q/z data/client/decrypted_results.csv data/server/outbox/*/status.json";
    let read = owner.run(read).expect_code(0);
    assert!(read.stdout.starts_with("z\nz\ncolumn,"), "{}", read.stdout);
    // Conversely, the container can use what the owner puts there.
    owner
        .run("mkdir data/client/mine; umask 077; echo mine > data/client/mine/file; rm -r data/client/x")
        .expect_code(0);
    checkout.client(&["sh", "-c", "ls mine && rm -r mine"]).expect_code(0);
    if owner.is_created {
        // Another user of the owner's group has no access.
        assert_ne!(owner.run_as("54322", "ls data/client").code, Some(0));
        assert_ne!(owner.run_as("54322", "ls data/server").code, Some(0));
    }
    // Permissions that were removed are restored at the next start.
    checkout.server(&["sh", "-c", "mkdir -m 700 hidden && echo x > hidden/x && chmod 600 hidden/x"]).expect_code(0);
    checkout.compose(&["up", "-d"]).expect_code(0);
    assert_eq!(owner.run("cat data/server/hidden/x").expect_code(0).stdout, "x\n");
    checkout.compose(&["down"]).expect_code(0);
    owner.run("rm -r data/client data/server").expect_code(0);
}
