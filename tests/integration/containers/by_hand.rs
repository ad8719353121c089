//! The subcommands by hand, in other ways than the README's tour.

use std::fs;

use super::checkout::Checkout;
use super::engine;
use super::person::Person;
use crate::sandbox::Process;

/// A table whose statistics everybody knows.
const TABLE: &str = "a,b\n1,2.5\n2,\n6,4.5\n";
const RESULT: &str =
    "column,count,missing,sum,mean,variance,std\na,3,0,9,3,7,2.6457513110645907\nb,2,1,7,3.5,2,1.4142135623730951\n";

fn result(checkout: &Checkout) -> String {
    checkout.client(&["hestat", "result"]).expect_code(0);
    fs::read_to_string(checkout.at("data/client/decrypted_results.csv")).unwrap()
}

#[test]
#[ignore = "needs a container engine"]
fn who_switches_computing_off_computes_by_hand() {
    let checkout = Checkout::new();
    checkout.write_table("own.csv", TABLE);
    checkout.configure("HESTAT_NO_COMPUTE=true\nHESTAT_CSV=./own.csv");
    checkout.start();
    checkout.client(&["hestat", "init"]).expect_code(0);
    assert_eq!(checkout.client(&["hestat", "result", "--timeout", "1"]).code, Some(4));
    let told = checkout.server(&["hestat", "compute"]).expect_code(0).stdout;
    assert!(told.starts_with("job ") && told.ends_with(" computed\n"), "{told}");
    assert_eq!(result(&checkout), RESULT);
    // Both at once.
    checkout.configure("HESTAT_NO_COMPUTE=false\nHESTAT_CSV=./own.csv");
    checkout.start();
    for _ in 0..3 {
        let watching = ["exec", "server", "timeout", "--signal=TERM", "2", "hestat", "compute", "--watch"];
        let watching = Process::new(engine::command(&watching).spawn().unwrap());
        checkout.client(&["hestat", "init"]).expect_code(0);
        let told = checkout.server(&["hestat", "compute"]).stdout;
        assert!(!told.contains("failed"), "{told}");
        assert_eq!(result(&checkout), RESULT);
        watching.end();
    }
    assert_eq!(engine::run(&["logs", "server"]).stderr.matches("not computed").count(), 0);
}

/// Files of the containers can be read and removed by whoever has the checkout, without a right of root's.
#[test]
#[ignore = "needs a container engine"]
fn files_belong_to_the_person_too() {
    let checkout = Checkout::new();
    // What is made of it does not depend on a umask.
    let private = ["-R", "go=", "docker", "docker-compose.yml", "run.sh"];
    assert!(checkout.command("chmod", &private).status().unwrap().success());
    let person = Person::of(&checkout);
    checkout.start();
    let make = "hestat init && hestat result && mkdir -p x/y && echo z > x/y/z && lftp -c 'open server; mkdir q; put -O q x/y/z'";
    checkout.client(&["sh", "-c", make]).expect_code(0);
    let read =
        "cat data/client/x/y/z data/server/q/z data/client/decrypted_results.csv data/server/outbox/*/status.json";
    let read = person.run(read).expect_code(0);
    assert!(read.stdout.starts_with("z\nz\ncolumn,"), "{}", read.stdout);
    // And what the person puts there is the container's too.
    person
        .run("mkdir data/client/mine; umask 077; echo mine > data/client/mine/file; rm -r data/client/x")
        .expect_code(0);
    checkout.client(&["sh", "-c", "ls mine && rm -r mine"]).expect_code(0);
    if person.is_made {
        // Somebody else of the person's group.
        assert_ne!(person.run_as("54322", "ls data/client").code, Some(0));
        assert_ne!(person.run_as("54322", "ls data/server").code, Some(0));
    }
    // What was hidden is shared at the next start.
    checkout.server(&["sh", "-c", "mkdir -m 700 hidden && echo x > hidden/x && chmod 600 hidden/x"]).expect_code(0);
    checkout.compose(&["up", "-d"]).expect_code(0);
    assert_eq!(person.run("cat data/server/hidden/x").expect_code(0).stdout, "x\n");
    checkout.compose(&["down"]).expect_code(0);
    person.run("rm -r data/client data/server").expect_code(0);
}
