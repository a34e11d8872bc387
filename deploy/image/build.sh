#!/bin/sh
# Builds the binary, fetches the models, and puts both into /image.
set -eu

mkdir -p /image/usr/bin
if [ -n "${PREBUILT:-}" ]; then
    install -m 755 "$PREBUILT" /image/usr/bin/selfsame
else
    # The folder's name would stand in panics' texts: the same source gives the same binary wherever it lies.
    export RUSTFLAGS="--remap-path-prefix=$PWD=/source --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    cargo build --locked --release --bin selfsame
    install -m 755 target/release/selfsame /image/usr/bin/selfsame
fi

home=/image/var/lib/selfsame
mkdir -p "$home/models"
if [ "$MODELS" = baked ]; then
    if [ -n "${PREBUILT_MODELS:-}" ]; then
        cp -r "$PREBUILT_MODELS/." "$home/models/"
    fi
    SELFSAME_HOME=$home/models /image/usr/bin/selfsame models fetch
    # Photographs of people, for the demonstration only.
    find "$home/models" -name '*.jpg' -delete
fi
chmod -R a+rX,go-w "$home"

printf 'selfsame:x:65532:65532::/nonexistent:/nonexistent\n' >/image/etc/passwd
printf 'selfsame:x:65532:\n' >/image/etc/group
mkdir -p /image/tmp /image/data
chmod 1777 /image/tmp
chown 65532:65532 /image/data
chmod 700 /image/data

# Times, so that two builds of one source give one image.
if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
    find /image -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
fi
