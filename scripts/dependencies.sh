#!/usr/bin/env bash
# Licences, sources and bans of the dependencies, as deny.toml has them, and known vulnerabilities where their database can be
# fetched. Needs `cargo install cargo-deny`.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v cargo-deny >/dev/null; then
    echo "left out: licences, sources and vulnerabilities of dependencies, because cargo-deny is not installed"
    exit 0
fi
cargo deny --locked --all-features check licenses bans sources

if said="$(cargo deny --locked --all-features fetch db 2>&1)"; then
    cargo deny --locked --all-features check --disable-fetch advisories
else
    echo "left out: known vulnerabilities, because their database cannot be fetched ($(tail -n 1 <<<"$said"))"
fi
