#!/usr/bin/env bash
# MOSIP's own client and this project's adapter ask one verifier: it must take both, and refuse what was altered.
set -euo pipefail
cd "$(dirname "$0")/.."

oracle=crates/selfsame-authority/tests/oracle
# With the whole workspace, so that no dependency is compiled with other features again.
# shellcheck disable=SC2086
cargo build --locked --workspace --example mosip_ida ${SELFSAME_TEST_CARGO:-}
program=${CARGO_TARGET_DIR:-target}/${SELFSAME_TEST_PROFILE:-debug}/examples/mosip_ida
venv=target/mosip-oracle
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
if ! "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$oracle/requirements.txt"; then
    echo "left out: MOSIP's own client, because it cannot be fetched"
    exit 0
fi
"$venv/bin/python" "$oracle/mosip_sdk.py" "$program"
