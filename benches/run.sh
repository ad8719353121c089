#!/bin/sh
# Prints one table: hestat's hot loops next to their bounds, and next to TenSEAL if python3 is available.
# HESTAT_BENCH_LARGE=1 adds the peak memory at 10,000,000 rows; this needs about 6 GB for temporary files.
set -eu
cd "$(dirname "$0")/.."

python=.venv-peers/bin/python
if command -v python3 >/dev/null && ! "$python" -c 'import tenseal, pandas' 2>/dev/null; then
    python3 -m venv .venv-peers && .venv-peers/bin/pip install --quiet tenseal pandas >&2 ||
        echo "TenSEAL cannot be installed; the table omits it" >&2
fi
if "$python" -c 'import tenseal, pandas' 2>/dev/null; then
    HESTAT_PEERS_PYTHON="$PWD/$python"
    export HESTAT_PEERS_PYTHON
fi
exec cargo bench --bench table
