#!/bin/sh
# Everything that must hold: format, lints, tests, docs, the README's commands, the fuzz targets, the supply chain, and, where
# a container engine answers, client and server in containers. HESTAT_TEST_CONTAINERS=required makes it an error if none does.
set -eu
cd -- "$(CDPATH='' dirname -- "$0")"

step() {
    echo
    echo "== $*"
    "$@"
}

# Debian packages: a C compiler for aws-lc, a C++ one for libFuzzer, Python for the second oracle, and other people's FTP
# servers and clients.
need() {
    missing=
    for pair in cc:gcc c++:g++ python3:python3 openssl:openssl curl:curl lftp:lftp; do
        command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair##*:}"
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

# Why client and server cannot be tried in containers; nothing if they can be. Makes base images if it may.
no_containers() {
    docker info >/dev/null 2>&1 || { echo "no container engine answers" && return; }
    docker compose version >/dev/null 2>&1 || docker-compose version >/dev/null 2>&1 ||
        { echo "neither docker compose nor docker-compose is installed" && return; }
    for image in rust:1.95-bookworm debian:bookworm-slim; do
        docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" >/dev/null 2>&1 || missing_image=$image
    done
    [ -n "${missing_image:-}" ] || return 0
    if [ "$(id -u)" = 0 ] && ! command -v debootstrap >/dev/null && command -v apt-get >/dev/null; then
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap debian-archive-keyring gpgv; } >&2 ||
            { echo "the base image $missing_image is missing, and debootstrap to make it cannot be installed" && return; }
    fi
    docker/base-images.sh >&2 || echo "the base image $missing_image cannot be had"
}

containers() {
    reason=$(no_containers)
    if [ -z "$reason" ]; then
        step cargo test --release --locked --test integration -- --ignored containers::
    elif [ "${HESTAT_TEST_CONTAINERS:-}" = required ]; then
        echo "test.sh: containers are required here, but $reason" >&2
        exit 1
    else
        echo "test.sh: $reason, so nothing was tried in containers" >&2
    fi
}

need
step cargo fmt --check
step cargo clippy --release --locked --all-targets -- -D warnings
step cargo test --release --locked
RUSTDOCFLAGS="-D warnings" step cargo doc --release --locked --no-deps
step cargo check --release --locked --manifest-path fuzz/Cargo.toml
containers
if command -v cargo-deny >/dev/null; then
    cargo fetch --locked --quiet
    step cargo deny --offline check bans licenses sources
else
    echo "test.sh: cargo-deny is not installed, so the supply chain was not checked" >&2
fi
echo
echo "All is well."
