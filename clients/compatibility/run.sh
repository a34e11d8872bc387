#!/usr/bin/env bash
# The public clients, unchanged and at pinned versions, against the real server.
set -euo pipefail
cd "$(dirname "$0")"

export SELFSAME_BIN="${SELFSAME_BIN:-$PWD/../../target/debug/selfsame}"
[ -x "$SELFSAME_BIN" ] || { echo "no server at $SELFSAME_BIN: run 'cargo build --bin selfsame' first" >&2; exit 1; }

[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r python/requirements.txt
.venv/bin/python -m pytest -q -p no:cacheprovider python

(cd node && npm ci --silent --no-audit --no-fund)
.venv/bin/python python/with_https_server.py node --test node/
