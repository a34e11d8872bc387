#!/usr/bin/env bash
# Fuzzes every target, or those named, for SECONDS each (default 60). Needs `cargo install cargo-fuzz` and a C++ compiler; the
# stable toolchain does, told that it may.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
export RUSTC_BOOTSTRAP=1

seconds=${FUZZ_SECONDS:-60}
mapfile -t targets < <(if (($#)); then printf '%s\n' "$@"; else cargo fuzz list; fi)
for target in "${targets[@]}"; do
    # What is found on the way stays out of the corpus in the repository; a finding's input is put into artifacts/.
    mkdir -p "target/corpus/$target"
    echo "== $target, $seconds s"
    cargo fuzz run "$target" "target/corpus/$target" "corpus/$target" -- \
        -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=1024 -print_final_stats=1
done
