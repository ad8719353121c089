//! No room: told in words, nothing under a final name, and all is well when there is room.

use std::fs;
use std::path::Path;

use super::small_disk::{SmallDisk, run_limited};
use crate::site::{Answered, Ran, Site, small_table};

const MEBIBYTE: u64 = 1 << 20;

/// Of 2.3 million bytes of ciphertext.
fn site() -> Site {
    Site::new(&small_table(40_000))
}

fn assert_failed(ran: &Ran, code: i32, words: &[&str]) {
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), ""), "{ran:?}");
    assert!(words.iter().any(|words| ran.stderr.contains(words)), "none of {words:?} is in {ran:?}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// With another state directory.
fn init_in(site: &Site, state: &Path) -> Ran {
    Ran::of(site.hestat(["init", "--state"]).arg(state))
}

/// The limit on file sizes needs no rights at all, so this part of the story is told everywhere.
#[test]
fn a_spool_that_cannot_grow_ends_init_and_leaves_nothing() {
    let site = site();
    for blocks in [0, 1, 500, 2000] {
        assert_failed(&run_limited(&site, blocks, &["init"]), 8, &["File too large"]);
        assert!(names(&site.state().join("jobs")).is_empty());
        assert_eq!(names(&site.data()), Vec::<String>::new());
    }
    site.init();
    site.run(["compute"]).done();
    site.run(["result"]).done();
}

#[test]
fn a_full_disk_of_the_client_is_told_before_anything_is_encrypted() {
    let site = site();
    let folder = site.root().join("disk");
    fs::create_dir(&folder).unwrap();
    let Some(disk) = SmallDisk::mount(&folder, MEBIBYTE) else {
        // Without a disk of a known size: that of a limit, which is told while encrypting.
        return assert_failed(&run_limited(&site, 500, &["init"]), 8, &["File too large"]);
    };
    let state = disk.path().join("client");
    assert_failed(&init_in(&site, &state), 8, &["bytes free, but"]);
    assert!(names(&state.join("jobs")).is_empty());
    disk.make_room();
    init_in(&site, &state).done();
    site.run(["compute"]).done();
    Ran::of(site.hestat(["result", "--state"]).arg(&state)).done();
}

#[test]
fn a_full_disk_of_the_server_lets_the_upload_go_on_later() {
    let site = site();
    let expected = site.expected_results();
    let folder = site.root().join("disk");
    fs::create_dir(&folder).unwrap();
    let Some(disk) = SmallDisk::mount(&folder, MEBIBYTE) else {
        return upload_goes_on_after_a_limit(&site, &expected);
    };
    let data = disk.path().to_owned();
    let init = Ran::of(site.hestat(["init", "--server"]).arg(format!("file://{}", data.display())));
    assert_failed(&init, 18, &["the server's disk is full"]);
    let job = site.newest();
    assert!(!data.join(format!("inbox/{job}/dataset.hes")).exists());
    assert_failed(&site.run(["result"]), 4, &["its upload was interrupted"]);
    disk.make_room();
    site.run(["init", "--resume", &job.to_string()]).done();
    Ran::of(site.hestat(["compute", "--data"]).arg(&data)).done();
    site.run(["result"]).done();
    assert!(fs::read(site.results()).unwrap() == expected);
}

/// The same with a spool already made and an upload that cannot grow.
fn upload_goes_on_after_a_limit(site: &Site, expected: &[u8]) {
    fs::write(site.data().join("inbox"), "in the way").unwrap();
    assert_eq!(site.run(["init"]).code, Some(6));
    fs::remove_file(site.data().join("inbox")).unwrap();
    let job = site.newest();
    let resume = ["init", "--resume", &job.to_string()];
    assert_failed(&run_limited(site, 500, &resume), 6, &["File too large"]);
    assert!(!site.dataset(job).exists());
    site.run(resume).done();
    site.run(["compute"]).done();
    site.run(["result"]).done();
    assert!(fs::read(site.results()).unwrap() == expected);
}

#[test]
fn an_upload_that_cannot_grow_goes_on_later() {
    let site = site();
    let expected = site.expected_results();
    upload_goes_on_after_a_limit(&site, &expected);
}

#[test]
fn totals_and_results_that_find_no_room_are_made_later() {
    let job = Answered::new(site());
    let site = &job.site;
    fs::remove_file(site.totals(job.job)).unwrap();
    let ran = run_limited(site, 1, &["compute"]);
    assert_eq!(ran.code, Some(10), "{ran:?}");
    assert!(ran.stdout.contains("File too large"), "{ran:?}");
    assert!(!site.totals(job.job).exists() && site.dataset(job.job).exists());
    assert_failed(&site.run(["result"]), 10, &["File too large"]);
    site.run(["compute"]).done();
    for blocks in [0, 1, 2, 8, 64] {
        let ran = run_limited(site, blocks, &["result"]);
        if ran.code != Some(0) {
            assert_failed(&ran, 8, &["File too large"]);
            assert!(!site.results().exists());
        }
    }
    assert_eq!(run_limited(site, 0, &["result"]).code, Some(8));
    site.run(["result"]).done();
    assert!(fs::read(site.results()).unwrap() == job.results);
}

/// It is larger than its dataset, and nothing is computed that cannot be stored.
#[test]
fn an_answer_that_does_not_fit_is_not_begun() {
    let site = Site::new("a,b\n1,2\n");
    let folder = site.root().join("disk");
    fs::create_dir(&folder).unwrap();
    let Some(disk) = SmallDisk::mount(&folder, MEBIBYTE) else { return };
    Ran::of(site.hestat(["init", "--server"]).arg(format!("file://{}", disk.path().display()))).done();
    fs::write(disk.path().join("filler"), vec![1; 1_010_000]).unwrap();
    let compute = || Ran::of(site.hestat(["compute", "--data"]).arg(disk.path()));
    for _ in 0..4 {
        let ran = compute();
        assert_eq!(ran.code, Some(10), "{ran:?}");
        assert!(ran.stdout.contains("no space: the answer needs "), "{ran:?}");
    }
    let told = site.run(["result"]);
    assert!(told.code == Some(10) && told.stderr.contains("no space: the answer needs "), "{told:?}");
    fs::remove_file(disk.path().join("filler")).unwrap();
    compute().done();
    site.run(["result"]).done();
}
