#!/bin/sh
# Everything that must hold: format, lints, tests, docs, the README's commands, the fuzz targets, the supply chain.
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

need
step cargo fmt --check
step cargo clippy --release --locked --all-targets -- -D warnings
step cargo test --release --locked
RUSTDOCFLAGS="-D warnings" step cargo doc --release --locked --no-deps
step cargo check --release --locked --manifest-path fuzz/Cargo.toml
if command -v cargo-deny >/dev/null; then
    cargo fetch --locked --quiet
    step cargo deny --offline check bans licenses sources
else
    echo "test.sh: cargo-deny is not installed, so the supply chain was not checked" >&2
fi
echo
echo "All is well."
