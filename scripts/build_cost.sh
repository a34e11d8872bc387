#!/usr/bin/env bash
# What a cold build costs, in seconds of processor time by crate: a clock on a machine that does other things says little. Builds into
# a folder of its own, which it removes.
#
#     scripts/build_cost.sh build -p selfsame --no-default-features      what `make demo` builds
#     scripts/build_cost.sh test --workspace --tests --no-run            what `make test` builds
#     scripts/build_cost.sh clippy --workspace --all-targets
set -euo pipefail

# Cargo calls this script in place of the compiler.
if [ -n "${SELFSAME_BUILD_COST:-}" ]; then
    crate=(questions)
    for ((at = 1; at < $#; at++)); do
        if [ "${!at}" = --crate-name ]; then
            next=$((at + 1))
            crate=${!next}
            [ "$crate" != ___ ] || crate=questions
        fi
    done
    TIMEFORMAT='%U %S'
    status=0
    { spent=$({ time "$@" >&4 2>&3; } 2>&1) || status=$?; } 3>&2 4>&1
    echo "$spent $crate" >>"$SELFSAME_BUILD_COST"
    exit "$status"
fi

[ $# -gt 0 ] || { echo "usage: $0 build|test|clippy ARGUMENTS OF CARGO" >&2; exit 2; }
here=$(realpath "$0")
cd "$(dirname "$0")/.."
work=$(mktemp -d "$PWD/target/build-cost.XXXX")
trap 'rm -rf "$work"' EXIT
install -m 755 "$here" "$work/compiler"

TIMEFORMAT='%U %S'
# As scripts/test.sh builds.
all=$({ time env CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 CARGO_TARGET_DIR="$work" RUSTC_WRAPPER="$work/compiler" SELFSAME_BUILD_COST="$work/costs" \
    cargo "$1" --locked "${@:2}" >&2 2>"$work/said"; } 2>&1) || { tail -n 40 "$work/said" >&2; exit 1; }

by_crate() {
    awk '{ of[$3] += $1 + $2; times[$3]++ } END { for (crate in of) printf "%8.1f  %s, %d times\n", of[crate], crate, times[crate] }' "$work/costs" |
        sed 's/, 1 times$//' | sort --reverse --general-numeric-sort
}
by_crate | head -n 40
awk -v all="$all" '{ compiled += $1 + $2 }
    END {
        split(all, part, " ")
        printf "%8.1f  not in a compiler of Rust: build scripts, what they compile of C, cargo\n", part[1] + part[2] - compiled
        printf "%8.1f  in all\n", part[1] + part[2]
    }' "$work/costs"
