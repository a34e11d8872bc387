#!/usr/bin/env bash
# A release, in target/release-files: the binary, which carries the list of what it was built of (cargo-auditable), a wheel and npm
# packages that bring it (packaging/), the list as a CycloneDX document, the licences of all of it where cargo-deny is installed, and
# checksums. Nothing is compiled where they are installed; scripts/release_test.sh tries that.
#
# Needs: cargo install --locked cargo-auditable cargo-cyclonedx; Node and Python with pip and venv. With cargo-zigbuild and ziglang
# (pip install cargo-zigbuild ziglang) the binary runs on older systems than the one that builds it: RELEASE_GLIBC, 2.28. ARM64=1
# builds that, too, with both of them and `rustup target add aarch64-unknown-linux-gnu`.
# SELFSAME_PREBUILT=FILE packs a binary that was built before, to try the packages: no list, no release.
#
# `cargo audit bin target/release-files/selfsame-x86_64` then tells years later which known vulnerabilities the binary has.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$PWD/target/release-files
prebuilt=${SELFSAME_PREBUILT:-}
fail() { echo "release: $1" >&2; exit "${2:-1}"; }

if [ -z "$prebuilt" ]; then
    for tool in auditable cyclonedx; do
        cargo "$tool" --help >/dev/null 2>&1 || fail "cargo-$tool is not installed: cargo install --locked cargo-$tool" 2
    done
    [ -z "$(git status --porcelain)" ] || fail "the work tree is not clean: a release is a commit" 2
fi
zig=$(command -v cargo-zigbuild || true)
[ -n "$zig" ] || [ -z "${ARM64:-}" ] || fail "ARM64=1 needs cargo-zigbuild and ziglang" 2

rm -rf "$out"
mkdir -p "$out"
# The same commit gives the same files.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

build() { # ARCHITECTURE
    if [ -n "$prebuilt" ]; then
        install -m 755 "$prebuilt" "$out/selfsame-$1"
        return
    fi
    # Names of folders stand in panics' texts. The names of functions are left out: half as much again to download.
    local triple=$1-unknown-linux-gnu
    local -x RUSTFLAGS="--remap-path-prefix=$PWD=/source --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    local -x CARGO_PROFILE_RELEASE_STRIP=symbols
    if [ -n "$zig" ]; then
        cargo auditable zigbuild --locked --release --bin selfsame --target "$triple.${RELEASE_GLIBC:-2.28}"
    else
        cargo auditable build --locked --release --bin selfsame --target "$triple"
    fi
    install -m 755 "target/$triple/release/selfsame" "$out/selfsame-$1"
}

# The oldest glibc that has all that a binary asks of it.
glibc_of() { # BINARY
    readelf --dyn-syms --wide "$1" | grep -o 'GLIBC_2\.[0-9]*' | sort --version-sort --unique | tail -n 1 | cut -d_ -f2
}

# Whatever else it needed would be missing somewhere.
check_libraries() { # BINARY
    local others
    others=$(readelf --dynamic --wide "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
        grep -vE '^(libc\.so\.6|libm\.so\.6|libgcc_s\.so\.1|libdl\.so\.2|libpthread\.so\.0|librt\.so\.1|ld-linux-(x86-64|aarch64)\.so\.[12])$' || true)
    [ -z "$others" ] || fail "$1 needs libraries that not every system has: $others"
}

python3 -m venv "$out/.venv"
"$out/.venv/bin/pip" install --quiet --disable-pip-version-check 'hatchling>=1.27'

wheel() { # ARCHITECTURE
    # The wheel's command is called as the file is.
    local folder platform
    folder=$(mktemp -d)
    install -m 755 "$out/selfsame-$1" "$folder/selfsame"
    platform=manylinux_$(glibc_of "$out/selfsame-$1" | tr . _)_$1
    SELFSAME_BINARY=$folder/selfsame SELFSAME_WHEEL_PLATFORM=$platform \
        "$out/.venv/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$out" packaging/python
    rm -r "$folder"
}

architectures=(x86_64)
[ -z "${ARM64:-}" ] || architectures+=(aarch64)
declare -A node_name=([x86_64]=x64 [aarch64]=arm64)
for_npm=()
for architecture in "${architectures[@]}"; do
    build "$architecture"
    check_libraries "$out/selfsame-$architecture"
    wheel "$architecture"
    for_npm+=("${node_name[$architecture]}=$out/selfsame-$architecture")
done
rm -r "$out/.venv"
node packaging/npm/pack.mjs "$out" "${for_npm[@]}"

if [ -z "$prebuilt" ]; then
    # The tool writes beside each manifest.
    cargo cyclonedx --manifest-path crates/selfsame/Cargo.toml --format json --describe binaries
    find crates -name '*.cdx.json' | while read -r file; do
        case $file in
            crates/selfsame/*) mv "$file" "$out/" ;;
            *) rm "$file" ;;
        esac
    done
    [ -n "$(find "$out" -name '*.cdx.json')" ] || fail "cargo cyclonedx left no document for the binary"
    if command -v cargo-deny >/dev/null; then
        cargo deny --locked list --format json >"$out/licences.json"
    fi
fi
(cd "$out" && sha256sum -- * >SHA256SUMS)
for architecture in "${architectures[@]}"; do
    echo "selfsame-$architecture: glibc $(glibc_of "$out/selfsame-$architecture") or newer"
done
ls -l "$out"
