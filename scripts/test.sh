#!/usr/bin/env bash
# Every check and test of the project, from a clean clone: format, clippy, Rust tests, the public clients, our own
# clients, the browser's capture.
set -euo pipefail
cd "$(dirname "$0")/.."

# Debug information is for debugging: without it the build is faster and the target folder half the size.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

step "format"
cargo fmt --all --check

step "clippy"
cargo clippy --locked --workspace --all-targets -- -D warnings

# The tests' build brings the binary along: building it alone would compile its dependencies with other features again.
step "build"
cargo test --locked --workspace --no-run

step "dependencies"
bash scripts/dependencies.sh

step "models"
target/debug/selfsame models fetch
# From here on what was installed is demanded: a test that needs it may not be left out.
if target/debug/selfsame models verify >/dev/null; then
    export SELFSAME_REQUIRE_MODELS=all
else
    export SELFSAME_REQUIRE_MODELS=1
    echo "left out: tests of the optional models, which could not be fetched"
fi

# Hundreds of servers start from here on. Each prepares only the models that its test needs, and takes what an earlier one
# compiled.
export SELFSAME_LOAD_WHEN_NEEDED=true SELFSAME_COMPILED_MODELS="$PWD/target/compiled-models"

step "Rust tests"
if cargo nextest --version >/dev/null 2>&1; then
    bash scripts/services.sh cargo nextest run --locked --workspace --no-fail-fast
else
    bash scripts/services.sh cargo test --locked --workspace --no-fail-fast
fi
cargo test --locked --workspace --doc

# Compiling the browser's engine takes minutes, and the clients' tests mostly wait: it is built beside them. It needs Debian's
# compiler, and its tests Debian's Chromium: both come through apt-get.
engine=
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { [ -x /usr/bin/rustc ] && [ -x "${CHROMIUM:-/usr/bin/chromium}" ]; }; then
    step "the browser's engine, beside what follows"
    sh web/compiler.sh
    bash web/build.sh >target/web-build.log 2>&1 &
    engine=$!
    trap 'kill "$engine" 2>/dev/null || true' EXIT
fi

step "public clients"
bash clients/compatibility/run.sh

step "once more on PostgreSQL and S3"
bash scripts/test_on_postgres.sh

step "clients and their contract"
bash clients/test.sh

step "the browser's capture"
if [ -n "$engine" ]; then
    wait "$engine" || { cat target/web-build.log; exit 1; }
    bash web/test.sh
else
    echo "skipped: there is no compiler for WebAssembly, and no right to install one (web/compiler.sh says which)"
fi

step "done"
