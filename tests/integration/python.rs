//! A Python environment with the packages that the tests need, made once and kept where Cargo keeps what tests make.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::programs::output;

/// What is installed.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// Python with these packages; the first test that asks has to wait for the package index.
pub(crate) fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("lock")).unwrap();
    // Until it is made, by this test or another, of this process or another.
    lock.lock().unwrap();
    let (environment, installed) = (folder.join("environment"), folder.join("installed.txt"));
    let python = environment.join("bin/python3");
    if fs::read_to_string(&installed).ok().as_deref() != Some(REQUIREMENTS) {
        let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/requirements.txt");
        let environment = environment.to_str().unwrap();
        output("python3", ["-m", "venv", "--clear", environment]);
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
        output(python.to_str().unwrap(), install.into_iter().chain([requirements.to_str().unwrap()]));
        fs::write(installed, REQUIREMENTS).unwrap();
    }
    python
}
