#!/usr/bin/env bash
# 1:N search over synthetic templates, exact and by the index, as Markdown: bench/search.sh [TEMPLATES] [PROBES] [THREADS].
# A million by default; building the index over them takes half an hour on two cores. Needs a C++ compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo run --locked --release -p selfsame-search --features index --example one_to_many -- "$@"
