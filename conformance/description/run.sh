#!/usr/bin/env bash
# Asks the real server what its description of v3 allows, and what it does not: no answer may be a 5xx, or another than is described.
#
#   conformance/description/run.sh            a sample, of half a minute
#   conformance/description/run.sh --whole    all that schemathesis thinks of, of many minutes
set -euo pipefail
cd "$(dirname "$0")"

export SELFSAME_BIN="${SELFSAME_BIN:-$PWD/../../target/debug/selfsame}"
[ -x "$SELFSAME_BIN" ] || { echo "no server at $SELFSAME_BIN: run 'cargo build --bin selfsame' first" >&2; exit 1; }

case "${1:-}" in
    "") how=(--phases examples,fuzzing --max-examples 30 --max-time 30 --generation-deterministic) ;;
    --whole) how=(--phases examples,coverage,fuzzing --max-examples 1000) ;;
    *) echo "usage: $0 [--whole]" >&2; exit 2 ;;
esac

[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
# What was wrongly sent and was accepted, or the other way round, is no fault here: the description is of shapes, and a token may stand
# in for parts of a form. What was answered is held to the description.
SCHEMATHESIS_HOOKS=hooks exec .venv/bin/python beside_server.py .venv/bin/schemathesis run \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance \
    --include-path-regex '^/v3/|^/v1/valid_documents' --exclude-method PUT --request-timeout 60 --suppress-health-check all \
    --continue-on-failure --warnings off "${how[@]}"
