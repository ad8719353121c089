//! The contents of the images.

use super::checkout::Checkout;
use super::engine;

const SIZE_LIMIT: u64 = 60_000_000;

fn size(image: &str) -> u64 {
    engine::output(&["image", "inspect", "--format", "{{.Size}}", image]).parse().unwrap()
}

#[test]
#[ignore = "needs a container engine"]
fn images_are_small_labelled_and_hold_no_secret() {
    let checkout = Checkout::up();
    checkout.compose(&["--profile", "fog", "build", "fog-client"]).expect_code(0);
    let images = [("hestat-client", "65001:65001"), ("hestat-server", "65002:65002"), ("hestat-fog", "65004:65004")];
    for (image, user) in images {
        let own = size(image) - size("debian:bookworm-slim");
        assert!(own < SIZE_LIMIT, "{image} is {own} bytes over its base");
        let label = |name: &str| {
            let template = format!("{{{{index .Config.Labels \"org.opencontainers.image.{name}\"}}}}");
            engine::output(&["image", "inspect", "--format", &template, image])
        };
        assert_eq!((label("version").as_str(), label("licenses").as_str()), (env!("CARGO_PKG_VERSION"), "MIT"));
        assert!(label("title").starts_with("hestat ") && !label("description").is_empty());
        assert_eq!(engine::output(&["image", "inspect", "--format", "{{.Config.User}}", image]), user);
        let find = "find /data /identity /server /state /input /tmp /home /root /run -type f ! -name .curlrc ! -name '.bash*' ! -name .profile 2>/dev/null; true";
        let files = engine::output(&["run", "--rm", "--user", "0:0", image, "sh", "-c", find]);
        assert_eq!(files, "", "{image}");
        let history = engine::output(&["history", "--no-trunc", image]);
        assert!(!history.contains(&checkout.server(&["cat", "/identity/password"]).stdout.trim().to_owned()));
    }
    for tool in ["lftp", "curl", "ftp", "vsftpd"] {
        let find = format!("command -v {tool}");
        assert_ne!(checkout.server(&["sh", "-c", &find]).code, Some(0), "{tool}");
        assert_ne!(engine::run(&["run", "--rm", "hestat-fog", "sh", "-c", &find]).code, Some(0), "{tool}");
    }
}

/// The dependencies are compiled once: a change of the sources does not invalidate their layer.
#[test]
#[ignore = "needs a container engine"]
fn a_change_of_the_sources_does_not_compile_the_dependencies_again() {
    let checkout = Checkout::up();
    let main = checkout.at("src/main.rs");
    let changed = format!("{}// {:?}\n", std::fs::read_to_string(&main).unwrap(), std::time::SystemTime::now());
    std::fs::write(main, changed).unwrap();
    let build = checkout
        .command("docker", &["build", "--file", "docker/Dockerfile", "--target", "build", "."])
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&build.stdout).into_owned() + &String::from_utf8_lossy(&build.stderr);
    // The engine colours each fragment of stderr separately, sometimes between two words.
    let output = ["\x1b[91m", "\x1b[0m"].into_iter().fold(output, |output, color| output.replace(color, ""));
    assert!(build.status.success(), "{output}");
    assert!(output.contains("Compiling hestat") && !output.contains("Compiling tfhe"), "{output}");
}
