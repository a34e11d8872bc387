#!/bin/sh
# Sees to a Rust compiler whose standard library can be built for WebAssembly: on Debian, as root, through apt-get. Debian's compiler
# comes with its library's sources, so that the two fit; its own lld links.
set -eu
wanted="rustc-web cargo-web rust-web-src lld-22"
linker=$(command -v wasm-ld-22 || command -v wasm-ld || true)
if [ ! -x /usr/bin/rustc ] || [ ! -d /usr/lib/rustlib/src/rust/library ] || [ -z "$linker" ]; then
    [ "$(id -u)" = 0 ] || { echo "web/compiler.sh: as root: apt-get install $wanted" >&2; exit 1; }
    # shellcheck disable=SC2086 # several packages
    sh "$(dirname "$0")/../scripts/debian.sh" $wanted
fi
