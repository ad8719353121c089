//! A Python environment with the packages that the tests need, created once and kept in Cargo's directory for tests.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::programs::output;

/// The installed packages.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The path of a Python interpreter with these packages. The first call installs them from the package index.
pub(crate) fn python() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    fs::create_dir_all(&directory).unwrap();
    let lock = File::create(directory.join("lock")).unwrap();
    // Other tests, also of other processes, wait here until the environment is complete.
    lock.lock().unwrap();
    let (environment, installed) = (directory.join("environment"), directory.join("installed.txt"));
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
