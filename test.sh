#!/bin/sh
# Runs all checks: formatting, lints, tests (including the commands in the documentation), docs, fuzz targets, supply chain,
# and the tests in containers if a container engine is running. HESTAT_TEST_CONTAINERS=required makes it an error if these
# tests, or any others, cannot run on this machine; only the real Framingham table is always optional (HESTAT_FRAMINGHAM).
set -eu
cd -- "$(CDPATH='' dirname -- "$0")"

step() {
    echo
    echo "== $*"
    "$@"
}

skipped=''
skip() {
    echo "test.sh: $*" >&2
    skipped=yes
}

# Installs Debian packages: a C compiler for aws-lc, a C++ compiler for libFuzzer, Python for the oracle, and the FTP servers
# and clients that the tests use.
install_packages() {
    missing=
    for command_and_package in cc:gcc c++:g++ python3:python3 openssl:openssl curl:curl lftp:lftp; do
        command -v "${command_and_package%%:*}" >/dev/null || missing="$missing ${command_and_package##*:}"
    done
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
    [ -x /usr/sbin/vsftpd ] || missing="$missing vsftpd"
    [ -e /usr/share/doc/libpam-pwdfile ] || missing="$missing libpam-pwdfile"
    [ -z "$missing" ] && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        # shellcheck disable=SC2086 # a list of words
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates libc6-dev $missing
    else
        echo "test.sh: please install:$missing" >&2
        exit 1
    fi
}

# Prints what the tests in containers need and is missing; prints nothing if they can run. Builds missing base images.
missing_for_containers() {
    docker info >/dev/null 2>&1 || { echo "no container engine is running" && return; }
    docker compose version >/dev/null 2>&1 || docker-compose version >/dev/null 2>&1 ||
        { echo "neither docker compose nor docker-compose is installed" && return; }
    for image in rust:1.95-bookworm debian:bookworm-slim; do
        docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" >/dev/null 2>&1 || missing_image=$image
    done
    [ -n "${missing_image:-}" ] || return 0
    if [ "$(id -u)" = 0 ] && ! command -v debootstrap >/dev/null && command -v apt-get >/dev/null; then
        {
            apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
                debootstrap debian-archive-keyring gpgv
        } >&2 ||
            { echo "the base image $missing_image is missing, and debootstrap, which builds it, cannot be installed" && return; }
    fi
    docker/base-images.sh >&2 || echo "the base image $missing_image can neither be pulled nor built"
}

test_containers() {
    missing=$(missing_for_containers)
    if [ -z "$missing" ]; then
        step cargo test --release --locked --test integration -- --ignored containers::
    elif [ "${HESTAT_TEST_CONTAINERS:-}" = required ]; then
        echo "test.sh: containers are required, but $missing" >&2
        exit 1
    else
        skip "$missing; the tests in containers were skipped"
    fi
}

# Runs the tests that mount a small file system, if that is permitted.
test_mounts() {
    if unshare -rm mount -t tmpfs none /tmp 2>/dev/null || unshare -m mount -t tmpfs none /tmp 2>/dev/null; then
        step cargo test --release --locked --test integration -- --ignored --skip containers:: --skip the_framingham_table
    elif [ "${HESTAT_TEST_CONTAINERS:-}" = required ]; then
        echo "test.sh: all tests are required, but file systems cannot be mounted" >&2
        exit 1
    else
        skip "file systems cannot be mounted; the tests with small disks were skipped"
    fi
}

install_packages
step cargo fmt --check
step cargo clippy --release --locked --all-targets -- -D warnings
step cargo test --release --locked
test_mounts
[ -z "${HESTAT_FRAMINGHAM:-}" ] || step cargo test --release --locked --test integration -- --ignored the_framingham_table
RUSTDOCFLAGS="-D warnings" step cargo doc --release --locked --no-deps
step cargo check --release --locked --manifest-path fuzz/Cargo.toml
test_containers
if command -v cargo-deny >/dev/null; then
    cargo fetch --locked --quiet
    step cargo deny --offline check bans licenses sources
else
    skip "cargo-deny is not installed; the supply chain was not checked"
fi
echo
echo "All checks passed${skipped:+, except what was skipped}."
