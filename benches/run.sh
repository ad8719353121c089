#!/bin/sh
# Prints one table: hestat's measurements and their references, including TenSEAL if python3 can install it.
# HESTAT_BENCH_LARGE=1 adds the peak memory for 10,000,000 rows; this needs about 6 GB for temporary files.
set -eu
cd "$(dirname "$0")/.."

python=.venv-peers/bin/python
if command -v python3 >/dev/null && ! "$python" -c 'import tenseal, pandas' 2>/dev/null; then
    python3 -m venv .venv-peers && .venv-peers/bin/pip install --quiet tenseal pandas >&2 ||
        echo "cannot install TenSEAL; the table has no measurements of it" >&2
fi
if "$python" -c 'import tenseal, pandas' 2>/dev/null; then
    HESTAT_PEERS_PYTHON="$PWD/$python"
    export HESTAT_PEERS_PYTHON
fi
exec cargo bench --bench table
