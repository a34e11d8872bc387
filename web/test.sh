#!/usr/bin/env bash
# Builds the component and its engine, and tests them in Debian's Chromium against the real server.
set -euo pipefail
cd "$(dirname "$0")"

export SELFSAME_BIN="${SELFSAME_BIN:-$PWD/../target/debug/selfsame}"
if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ] && [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
fi
./build.sh
npm run --silent check
npm run --silent test:built
