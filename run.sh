#!/bin/sh
# The main job end to end: builds hestat, then encrypts a CSV file, uploads it over FTPS to a server on a free port of this
# machine, computes on the ciphertext there, downloads, decrypts, and compares with the clear data. Leaves
# data/decrypted_results.csv; ends with 0 only if every statistic is equal.
set -eu

if [ "${1:-}" = "--help" ] || [ "${1:-}" = "-h" ]; then
    echo "usage: ./run.sh [CSV]"
    echo "CSV: the table to use; by default data/framingham_heart_disease_raw.csv if it is there, else"
    echo "     data/framingham_synthetic.csv"
    exit 0
fi
if [ $# -gt 1 ]; then
    echo "usage: ./run.sh [CSV]" >&2
    exit 2
fi

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
if [ $# -eq 1 ]; then
    case $1 in
        /*) csv=$1 ;;
        *) csv=$PWD/$1 ;;
    esac
elif [ -e "$here/data/framingham_heart_disease_raw.csv" ]; then
    csv=$here/data/framingham_heart_disease_raw.csv
else
    csv=$here/data/framingham_synthetic.csv
fi
if [ ! -r "$csv" ] || [ -d "$csv" ]; then
    echo "run.sh: cannot read $csv; name an existing CSV file" >&2
    exit 3
fi
cd "$here"

if ! command -v cargo >/dev/null; then
    echo "run.sh: cargo is missing; install Rust (https://rustup.rs), then run this again" >&2
    exit 1
fi
if ! command -v cc >/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq gcc libc6-dev
    else
        echo "run.sh: a C compiler is missing; install one (Debian: apt-get install gcc libc6-dev)" >&2
        exit 1
    fi
fi

echo "Building (the first time takes some minutes) ..." >&2
cargo build --release --locked --quiet
echo "Encrypting $csv, over FTPS to a server of its own, computing there, and back ..." >&2
exec cargo run --release --locked --quiet -- run --input "$csv" --output data/decrypted_results.csv --check
