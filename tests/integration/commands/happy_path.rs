//! From a CSV file to its statistics by separate commands.

use std::fs;

use serde_json::Value;

use super::{RESULTS, TABLE, single};
use crate::sandbox::{Sandbox, entries, path};

#[test]
fn init_compute_result_forget() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    let created = sandbox.succeed(["init", "--input", path(&csv), "--server", &sandbox.url()]);
    let job = sandbox.jobs().concat();
    assert_eq!((job.len(), sandbox.inbox()), (32, vec![job.clone()]));
    for word in [&format!("job {job}"), "3 rows, 2 columns", &format!("hestat result {job}"), "the key is in"] {
        assert!(created.stdout.contains(word), "no {word:?} in {}", created.stdout);
    }
    assert_eq!(entries(&sandbox.server().join("inbox").join(&job)), ["dataset.hes"]);

    let computed = sandbox.compute().expect_code(0);
    assert_eq!((computed.stdout, sandbox.inbox()), (format!("job {job} computed\n"), vec![]));
    assert_eq!(entries(&sandbox.server().join("outbox").join(&job)), ["status.json", "totals.hes"]);
    let nothing = sandbox.compute().expect_code(0).stdout;
    assert!(nothing.starts_with("nothing to compute in "), "{nothing}");

    let shown = sandbox.succeed(["result", "--output", "out.csv", "--check", path(&csv)]);
    assert_eq!(sandbox.read("out.csv"), RESULTS);
    assert!(shown.stdout.contains("All 12 statistics of 2 columns equal those of the clear data, to the last digit."));
    assert!(shown.stderr.contains("statistics written to out.csv") && !shown.stderr.contains("not the CSV file"));
    // A second request gives the same result.
    sandbox.succeed(["result", &job[..6]]);
    assert_eq!(sandbox.read("decrypted_results.csv"), RESULTS);

    let forgotten = sandbox.succeed(["forget", &job[..6]]);
    assert_eq!(forgotten.stdout, format!("job {job} is forgotten\n"));
    assert_eq!((sandbox.jobs(), entries(&sandbox.server().join("outbox"))), (vec![], vec![]));
    assert_eq!(sandbox.succeed(["jobs"]).stdout, "no jobs\n");
}

#[test]
fn json_of_every_command() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", "height,weight,name\n1,2,x\n3,4,y\n,9,z\n");
    let created = sandbox.succeed(["init", "--json", "--input", path(&csv), "--server", &sandbox.url()]).json();
    let job = created["job"].as_str().unwrap().to_owned();
    assert_eq!((&created["rows"], &created["columns"], &created["phase"]), (&3.into(), &2.into(), &"uploaded".into()));
    let left_out =
        serde_json::json!([{ "column": "name", "reason": "text", "detail": "3 of 3 cells are not numbers" }]);
    assert_eq!((&created["server"], &created["left_out"]), (&sandbox.url().into(), &left_out));
    assert_eq!((&created["protected"], created["slots"].as_u64() > Some(3)), (&false.into(), true));
    let dataset = sandbox.server().join("inbox").join(&job).join("dataset.hes");
    assert_eq!(created["dataset_bytes"].as_u64(), Some(fs::metadata(&dataset).unwrap().len()));

    let listed = sandbox.succeed(["jobs", "--json"]).json();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["job"]), (1, &job.clone().into()));
    let seen = sandbox.succeed(["inspect", "--json", path(&dataset)]).json();
    assert_eq!((&seen["kind"], &seen["job"]), (&"dataset".into(), &job.clone().into()));
    assert_eq!(
        (&seen["rows"], &seen["slots_per_row"], &seen["bytes"]),
        (&3.into(), &created["slots"], &created["dataset_bytes"])
    );

    let computed = sandbox.succeed(["compute", "--json", "--data", path(&sandbox.server())]).json();
    assert_eq!(computed, serde_json::json!([{ "job": job, "outcome": "computed", "reason": null }]));
    let totals = sandbox.server().join("outbox").join(&job).join("totals.hes");
    let seen = sandbox.succeed(["inspect", "--json", path(&totals)]).json();
    assert_eq!((&seen["job"], seen["dataset_digest"].as_str().map(str::len)), (&job.clone().into(), Some(64)));

    let result = sandbox.succeed(["result", "--json", "--check", path(&csv)]).json();
    assert_statistics(&result, &job);
    assert_eq!(result["check"], serde_json::json!({ "figures": 12, "differences": [], "same_file": true }));
    let forgotten = sandbox.succeed(["forget", "--json", &job]).json();
    assert_eq!(forgotten, serde_json::json!({ "job": job, "server_cleaned": true }));
    assert_eq!(sandbox.succeed(["jobs", "--json"]).json(), serde_json::json!([]));
}

/// Checks the statistics. Sums are strings since they are exact; undefined values are null.
#[track_caller]
fn assert_statistics(result: &Value, job: &str) {
    assert_eq!((&result["job"], &result["rows"]), (&job.into(), &3.into()));
    assert_eq!(
        result["columns"][0],
        serde_json::json!({
            "column": "height", "count": 2, "missing": 1, "sum": "4", "mean": 2.0, "variance": 2.0, "std": 2_f64.sqrt()
        })
    );
    assert_eq!(result["columns"].as_array().unwrap().len(), 2);
}

#[test]
fn concurrent_jobs_do_not_mix() {
    let sandbox = Sandbox::new();
    let jobs: Vec<_> = [11, 22, 33]
        .map(|value| {
            let (csv, results) = single(value);
            (sandbox.init(&sandbox.write(&format!("{value}.csv"), csv)), results)
        })
        .into();
    assert_eq!((sandbox.jobs().len(), sandbox.inbox().len()), (3, 3));
    sandbox.compute().expect_code(0);
    for (job, results) in jobs.iter().rev() {
        sandbox.succeed(["result", job]);
        assert_eq!(sandbox.read("decrypted_results.csv"), *results);
    }
    // Without an ID, the newest job is used, whichever was requested before.
    sandbox.succeed(["result", &jobs[0].0]);
    sandbox.succeed(["result"]);
    assert_eq!(sandbox.read("decrypted_results.csv"), jobs[2].1);
}

#[test]
fn only_the_requested_statistics_are_computed() {
    let sandbox = Sandbox::new();
    let csv = sandbox.write("data.csv", TABLE);
    sandbox.succeed(["run", "--input", path(&csv), "--statistics", "std,sum", "--check"]);
    assert_eq!(
        sandbox.read("decrypted_results.csv"),
        "column,sum,std\nheight,4,1.4142135623730951\nweight,15,3.605551275463989\n"
    );
    let (all, few) = (["init", "--json"].as_slice(), ["init", "--json", "--statistics", "mean"].as_slice());
    let slots = [all, few].map(|start| {
        let url = sandbox.url();
        let rest = ["--input", path(&csv), "--server", &url];
        sandbox.succeed(start.iter().chain(&rest)).json()["slots"].as_u64()
    });
    assert!(slots[1] < slots[0], "squares are encrypted although they are not needed: {slots:?}");
}

#[test]
fn keep_leaves_the_dataset_in_the_inbox() {
    let sandbox = Sandbox::new();
    let job = sandbox.init(&sandbox.write("data.csv", TABLE));
    let compute = ["compute", "--keep", "--data"].map(str::to_owned);
    let data = path(&sandbox.server()).to_owned();
    assert_eq!(sandbox.succeed(compute.iter().chain([&data])).stdout, format!("job {job} computed\n"));
    assert_eq!(sandbox.inbox(), [job.as_str()]);
    assert_eq!(sandbox.succeed(compute.iter().chain([&data])).stdout, format!("job {job} already done\n"));
}

#[test]
fn completions_and_manual_pages() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = sandbox.succeed(["completions", shell]).stdout;
        assert!(script.contains("hestat") && script.contains("passphrase-file"), "{shell}");
    }
    let page = sandbox.succeed(["man"]).stdout;
    assert!(page.contains(".TH hestat 1") && page.contains("Exit codes"), "{page}");
    fs::create_dir(sandbox.file("man")).unwrap();
    sandbox.succeed(["man", "--dir", "man"]);
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
    assert_eq!(entries(&sandbox.file("man")), pages);
    assert!(sandbox.read("man/hestat-init.1").contains("HESTAT_SERVER"));
}

#[test]
fn samples_are_reproducible() {
    let sandbox = Sandbox::new();
    let to_stdout = sandbox.succeed(["sample", "--rows", "50", "--seed", "3"]).stdout;
    sandbox.succeed(["sample", "--rows", "50", "--seed", "3", "--output", "s.csv"]);
    assert_eq!((sandbox.read("s.csv") == to_stdout, to_stdout.lines().count()), (true, 51));
    assert_ne!(sandbox.succeed(["sample", "--rows", "50", "--seed", "4"]).stdout, to_stdout);
}
