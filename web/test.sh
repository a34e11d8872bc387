#!/usr/bin/env bash
# Builds the component and its engine, and tests them in Debian's Chromium against the real server.
set -euo pipefail
cd "$(dirname "$0")"

export SELFSAME_BIN="${SELFSAME_BIN:-$PWD/../target/debug/selfsame}"
if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ] && [ "$(id -u)" = 0 ]; then
    sh ../scripts/debian.sh chromium
fi
./build.sh
npm run --silent check
npm run --silent test:built
