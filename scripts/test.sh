#!/usr/bin/env bash
# Every check and test of the project, from a clean clone: format, clippy, Rust tests, the public clients, our own
# clients, the browser's capture. What mostly waits, or may take its time, runs beside the rest (docs/decisions/0085-what-ci-compiles.md).
set -euo pipefail
cd "$(dirname "$0")/.."

# Debug information is for debugging: without it the build is faster and the target folder half the size.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0
# A database for tests need not outlive the machine.
export SELFSAME_SERVICES_SYNC=off

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

# The process groups of what runs beside the rest, by the name of its log.
declare -A beside=()
logs="$PWD/target/test-logs"
mkdir -p "$logs"

begin() { # NAME COMMAND...
    local name=$1
    shift
    step "begun beside what follows: $name"
    # With job control it has a process group of its own, by which all of it can be ended.
    set -m
    (
        status=0
        "$@" || status=$?
        echo "== $name ended at ${SECONDS}s with $status"
        exit "$status"
    ) >"$logs/$name.log" 2>&1 </dev/null &
    beside[$name]=$!
    set +m
}

finish() { # NAME
    local status=0
    wait "${beside[$1]}" || status=$?
    unset "beside[$1]"
    step "$1"
    cat "$logs/$1.log"
    return "$status"
}

end_all() {
    for group in "${beside[@]}"; do kill -TERM -- "-$group" 2>/dev/null || true; done
}
trap end_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step "format"
cargo fmt --all --check

# The browser's engine takes minutes, and whatever the rest leaves of the processor is enough for it. It needs Debian's compiler, and
# its tests Debian's Chromium: both come through apt-get.
build_engine() { sh web/compiler.sh && bash web/build.sh; }
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { [ -x /usr/bin/rustc ] && [ -x "${CHROMIUM:-/usr/bin/chromium}" ]; }; then
    begin engine build_engine
fi

step "clippy"
cargo clippy --locked --workspace --all-targets -- -D warnings

# The tests' build brings the binary along: building it alone would compile its dependencies with other features again. Examples were
# checked above, and nothing runs them here.
step "build"
cargo test --locked --workspace --tests --no-run

# Counts do not change with the machine's load: they run beside what follows.
command -v valgrind >/dev/null || sh scripts/debian.sh valgrind || true
begin instructions python3 bench/instructions.py

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
    # Twice as many as there are processors: a third of their time they wait for a server.
    threads=$(($(getconf _NPROCESSORS_ONLN) * 2))
    bash scripts/services.sh cargo nextest run --locked --workspace --tests --no-fail-fast --test-threads "$threads"
else
    bash scripts/services.sh cargo test --locked --workspace --tests --no-fail-fast
fi
finish instructions

# They mostly wait for answers, some for no longer than a person would: beside the Rust tests they would wait for the processor, beside
# each other for nothing.
bash clients/compatibility/run.sh install
begin mosip bash scripts/mosip_oracle.sh
begin documentation cargo test --locked --workspace --doc
begin clients bash clients/test.sh
begin compatibility bash clients/compatibility/run.sh
begin description bash conformance/description/run.sh
step "once more on PostgreSQL and S3"
bash scripts/test_on_postgres.sh
finish compatibility
finish description
finish clients
finish documentation
finish mosip

# A camera does not wait: these have the machine for themselves.
if [ -n "${beside[engine]:-}" ]; then
    finish engine
    step "the browser's capture"
    bash web/test.sh
else
    step "the browser's capture"
    echo "skipped: there is no compiler for WebAssembly, and no right to install one (web/compiler.sh says which)"
fi

step "done"
