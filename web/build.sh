#!/bin/sh
# Builds web/dist: the component, the engine as WebAssembly, the demo page. Needs Node 20+ with npm. The engine needs a Rust
# compiler whose standard library can be built for WebAssembly; on Debian this script installs one through apt-get, as root.
# Run it again after a change: what is there is kept.
set -eu
cd "$(dirname "$0")"
root=$(cd .. && pwd)
target=${SELFSAME_WASM_TARGET:-$root/target/wasm}

sh compiler.sh
linker=$(command -v wasm-ld-22 || command -v wasm-ld)

[ -d node_modules ] || npm ci --no-audit --no-fund

# The standard library is built along, for the target and for size. RUSTC_BOOTSTRAP lets the stable compiler do that.
(
    cd "$root"
    export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$target"
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$linker"
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Ctarget-feature=+simd128"
    nice -n 10 /usr/bin/cargo build --locked -p selfsame-web --profile web --target wasm32-unknown-unknown \
        -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size
)
mkdir -p dist
cp "$target/wasm32-unknown-unknown/web/selfsame_web.wasm" dist/engine.wasm
npm run --silent build
