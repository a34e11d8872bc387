#!/usr/bin/env bash
# The contract's vectors; the TypeScript client and the React Native package, against the real server and in Chromium; the
# Flutter package, against the real server and in a Dart virtual machine.
set -euo pipefail
cd "$(dirname "$0")"

export SELFSAME_BIN="${SELFSAME_BIN:-$PWD/../target/debug/selfsame}"
[ -x "$SELFSAME_BIN" ] || { echo "no server at $SELFSAME_BIN: run 'cargo build --bin selfsame' first" >&2; exit 1; }

python3 ../conformance/generate.py --check

if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        sh ../scripts/debian.sh chromium
    else
        echo "skipped: what needs a browser, because there is no Chromium and no right to install it"
    fi
fi

for client in typescript react-native; do
    (cd "$client" && npm ci --silent --no-audit --no-fund && npm test)
done

bash flutter/tool/check.sh
