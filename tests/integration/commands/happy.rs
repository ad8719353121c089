//! From a CSV file to its statistics by separate commands.

use std::fs;

use serde_json::Value;

use super::{FIGURES, TABLE, single};
use crate::house::{House, entries, path};

#[test]
fn init_compute_result_forget() {
    let house = House::new();
    let csv = house.write("data.csv", TABLE);
    let made = house.succeed(["init", "--input", path(&csv), "--server", &house.url()]);
    let job = house.jobs().concat();
    assert_eq!((job.len(), house.inbox()), (32, vec![job.clone()]));
    for word in [&format!("job {job}"), "3 rows, 2 columns", &format!("hestat result {job}"), "the key is in"] {
        assert!(made.stdout.contains(word), "no {word:?} in {}", made.stdout);
    }
    assert_eq!(entries(&house.server().join("inbox").join(&job)), ["dataset.hes"]);

    let computed = house.compute().expect_code(0);
    assert_eq!((computed.stdout, house.inbox()), (format!("job {job} computed\n"), vec![]));
    assert_eq!(entries(&house.server().join("outbox").join(&job)), ["status.json", "totals.hes"]);
    let nothing = house.compute().expect_code(0).stdout;
    assert!(nothing.starts_with("nothing to compute in "), "{nothing}");

    let shown = house.succeed(["result", "--output", "out.csv", "--check", path(&csv)]);
    assert_eq!(house.read("out.csv"), FIGURES);
    assert!(shown.stdout.contains("All 12 statistics of 2 columns equal those of the clear data, to the last digit."));
    assert!(shown.stderr.contains("statistics written to out.csv") && !shown.stderr.contains("not the CSV file"));
    // A second request gives the same result.
    house.succeed(["result", &job[..6]]);
    assert_eq!(house.read("decrypted_results.csv"), FIGURES);

    let forgotten = house.succeed(["forget", &job[..6]]);
    assert_eq!(forgotten.stdout, format!("job {job} is forgotten\n"));
    assert_eq!((house.jobs(), entries(&house.server().join("outbox"))), (vec![], vec![]));
    assert_eq!(house.succeed(["jobs"]).stdout, "no jobs\n");
}

#[test]
fn json_of_every_command() {
    let house = House::new();
    let csv = house.write("data.csv", "height,weight,name\n1,2,x\n3,4,y\n,9,z\n");
    let made = house.succeed(["init", "--json", "--input", path(&csv), "--server", &house.url()]).json();
    let job = made["job"].as_str().unwrap().to_owned();
    assert_eq!((&made["rows"], &made["columns"], &made["phase"]), (&3.into(), &2.into(), &"uploaded".into()));
    let left_out =
        serde_json::json!([{ "column": "name", "reason": "text", "detail": "3 of 3 cells are not numbers" }]);
    assert_eq!((&made["server"], &made["left_out"]), (&house.url().into(), &left_out));
    assert_eq!((&made["protected"], made["slots"].as_u64() > Some(3)), (&false.into(), true));
    let dataset = house.server().join("inbox").join(&job).join("dataset.hes");
    assert_eq!(made["dataset_bytes"].as_u64(), Some(fs::metadata(&dataset).unwrap().len()));

    let listed = house.succeed(["jobs", "--json"]).json();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["job"]), (1, &job.clone().into()));
    let seen = house.succeed(["inspect", "--json", path(&dataset)]).json();
    assert_eq!((&seen["kind"], &seen["job"]), (&"dataset".into(), &job.clone().into()));
    assert_eq!(
        (&seen["rows"], &seen["slots_per_row"], &seen["bytes"]),
        (&3.into(), &made["slots"], &made["dataset_bytes"])
    );

    let computed = house.succeed(["compute", "--json", "--data", path(&house.server())]).json();
    assert_eq!(computed, serde_json::json!([{ "job": job, "outcome": "computed", "reason": null }]));
    let totals = house.server().join("outbox").join(&job).join("totals.hes");
    let seen = house.succeed(["inspect", "--json", path(&totals)]).json();
    assert_eq!((&seen["job"], seen["dataset_digest"].as_str().map(str::len)), (&job.clone().into(), Some(64)));

    let result = house.succeed(["result", "--json", "--check", path(&csv)]).json();
    assert_statistics(&result, &job);
    assert_eq!(result["check"], serde_json::json!({ "figures": 12, "differences": [], "same_file": true }));
    let forgotten = house.succeed(["forget", "--json", &job]).json();
    assert_eq!(forgotten, serde_json::json!({ "job": job, "server_cleaned": true }));
    assert_eq!(house.succeed(["jobs", "--json"]).json(), serde_json::json!([]));
}

/// Checks the statistics. Sums are strings since they are exact; undefined values are null.
#[track_caller]
fn assert_statistics(result: &Value, job: &str) {
    assert_eq!((&result["job"], &result["rows"]), (&job.into(), &3.into()));
    assert_eq!(
        result["columns"][0],
        serde_json::json!({ "column": "height", "count": 2, "missing": 1, "sum": "4", "mean": 2.0, "variance": 2.0, "std": 2_f64.sqrt() })
    );
    assert_eq!(result["columns"].as_array().unwrap().len(), 2);
}

#[test]
fn concurrent_jobs_do_not_mix() {
    let house = House::new();
    let jobs: Vec<_> = [11, 22, 33]
        .map(|value| {
            let (csv, results) = single(value);
            (house.init(&house.write(&format!("{value}.csv"), csv)), results)
        })
        .into();
    assert_eq!((house.jobs().len(), house.inbox().len()), (3, 3));
    house.compute().expect_code(0);
    for (job, results) in jobs.iter().rev() {
        house.succeed(["result", job]);
        assert_eq!(house.read("decrypted_results.csv"), *results);
    }
    // Without a name, the newest job is used, whichever was requested before.
    house.succeed(["result", &jobs[0].0]);
    house.succeed(["result"]);
    assert_eq!(house.read("decrypted_results.csv"), jobs[2].1);
}

#[test]
fn only_the_requested_statistics_are_computed() {
    let house = House::new();
    let csv = house.write("data.csv", TABLE);
    house.succeed(["run", "--input", path(&csv), "--statistics", "std,sum", "--check"]);
    assert_eq!(
        house.read("decrypted_results.csv"),
        "column,sum,std\nheight,4,1.4142135623730951\nweight,15,3.605551275463989\n"
    );
    let (all, few) = (["init", "--json"].as_slice(), ["init", "--json", "--statistics", "mean"].as_slice());
    let slots = [all, few].map(|start| {
        let url = house.url();
        let rest = ["--input", path(&csv), "--server", &url];
        house.succeed(start.iter().chain(&rest)).json()["slots"].as_u64()
    });
    assert!(slots[1] < slots[0], "squares are encrypted although they are not needed: {slots:?}");
}

#[test]
fn keep_leaves_the_dataset_in_the_inbox() {
    let house = House::new();
    let job = house.init(&house.write("data.csv", TABLE));
    let compute = ["compute", "--keep", "--data"].map(str::to_owned);
    let data = path(&house.server()).to_owned();
    assert_eq!(house.succeed(compute.iter().chain([&data])).stdout, format!("job {job} computed\n"));
    assert_eq!(house.inbox(), [job.as_str()]);
    assert_eq!(house.succeed(compute.iter().chain([&data])).stdout, format!("job {job} already done\n"));
}

#[test]
fn completions_and_manual_pages() {
    let house = House::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = house.succeed(["completions", shell]).stdout;
        assert!(script.contains("hestat") && script.contains("passphrase-file"), "{shell}");
    }
    let page = house.succeed(["man"]).stdout;
    assert!(page.contains(".TH hestat 1") && page.contains("Exit codes"), "{page}");
    fs::create_dir(house.file("man")).unwrap();
    house.succeed(["man", "--dir", "man"]);
    let commands = [
        "completions",
        "compute",
        "fog-client",
        "fog-node",
        "fog-run",
        "fog",
        "forget",
        "identity-new",
        "identity-show",
        "identity",
        "init",
        "inspect",
        "jobs",
        "man",
        "ping",
        "result",
        "run",
        "sample",
        "serve",
    ];
    let mut pages: Vec<String> = commands.iter().map(|command| format!("hestat-{command}.1")).collect();
    pages.push("hestat.1".into());
    assert_eq!(entries(&house.file("man")), pages);
    assert!(house.read("man/hestat-init.1").contains("HESTAT_SERVER"));
}

#[test]
fn samples_are_reproducible() {
    let house = House::new();
    let to_stdout = house.succeed(["sample", "--rows", "50", "--seed", "3"]).stdout;
    house.succeed(["sample", "--rows", "50", "--seed", "3", "--output", "s.csv"]);
    assert_eq!((house.read("s.csv") == to_stdout, to_stdout.lines().count()), (true, 51));
    assert_ne!(house.succeed(["sample", "--rows", "50", "--seed", "4"]).stdout, to_stdout);
}
