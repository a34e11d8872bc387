#!/usr/bin/env bash
# A release, in target/release-files: the binary, which carries the list of what it was built of (cargo-auditable), the same list as a
# CycloneDX document, the licences of all of it where cargo-deny is installed, and checksums.
#
# Needs: cargo install --locked cargo-auditable cargo-cyclonedx
#
# `cargo audit bin target/release-files/selfsame` then tells years later which known vulnerabilities the binary has.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in auditable cyclonedx; do
    cargo "$tool" --version >/dev/null 2>&1 || {
        echo "cargo-$tool is not installed: cargo install --locked cargo-$tool" >&2
        exit 2
    }
done
[ -z "$(git status --porcelain)" ] || { echo "the work tree is not clean: a release is a commit" >&2; exit 2; }

out=target/release-files
rm -rf "$out"
mkdir -p "$out"

# Names of folders stand in panics' texts: the same commit gives the same binary wherever it lies.
export RUSTFLAGS="--remap-path-prefix=$PWD=/source --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
cargo auditable build --locked --release --bin selfsame
install -m 755 target/release/selfsame "$out/"

# The tool writes beside the manifest.
cargo cyclonedx --manifest-path crates/selfsame/Cargo.toml --format json --describe binaries
find crates -name '*.cdx.json' | while read -r file; do
    case $file in
        crates/selfsame/*) mv "$file" "$out/" ;;
        *) rm "$file" ;;
    esac
done
[ -n "$(find "$out" -name '*.cdx.json')" ] || { echo "cargo cyclonedx left no document for the binary" >&2; exit 1; }

if command -v cargo-deny >/dev/null; then
    cargo deny --locked list --format json >"$out/licences.json"
fi
(cd "$out" && sha256sum -- * >SHA256SUMS)
ls -l "$out"
