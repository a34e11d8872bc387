#!/usr/bin/env bash
# Installs the wheel and the npm packages of target/release-files (or of the folder given) into clean folders, and runs the version
# and the demo from each. Nothing is compiled, and neither pip nor npm may use a network. Models come from where SELFSAME_MODEL_MIRROR
# says, else from those that were fetched before, else from their homes.
set -euo pipefail
files=$(realpath "${1:-$(dirname "$0")/../target/release-files}")
work=$(mktemp -d)
launcher=
trap '[ -z "$launcher" ] || kill "$launcher" 2>/dev/null || true; rm -rf "$work"' EXIT
fail() { echo "release_test: $1" >&2; exit 1; }

(cd "$files" && sha256sum --check --quiet --strict SHA256SUMS)
case $(uname -m) in
    x86_64) node_name=x64 ;;
    aarch64) node_name=arm64 ;;
    *) fail "there is no release for $(uname -m)" ;;
esac
mirror=${SELFSAME_MODEL_MIRROR:-$HOME/.cache/selfsame/models}

# As in a shell of somebody who has just logged in: no cargo, none of our variables.
clean=(env -i PATH=/usr/local/bin:/usr/bin:/bin "HOME=$work/home" "SELFSAME_MODEL_MIRROR=$mirror")

tried() { # NAME, COMMAND...: models, version, demo
    local name=$1 version
    shift
    version=$("${clean[@]}" "$@" --version)
    grep -qE '^selfsame [0-9]+\.[0-9]+\.[0-9]+' <<<"$version" || fail "$name: --version says: $version"
    "${clean[@]}" "$@" models fetch >"$work/fetched" 2>&1 || { cat "$work/fetched" >&2; fail "$name: the models were not fetched"; }
    "${clean[@]}" "$@" demo >"$work/demo" 2>&1 || { cat "$work/demo" >&2; fail "$name: the demo failed"; }
    grep -qx 'All as expected.' "$work/demo" || { cat "$work/demo" >&2; fail "$name: the demo did not say that all is as expected"; }
    echo "ok   $name: $version, models fetched, demo as expected"
}

mkdir -p "$work/home" "$work/npm"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index --find-links "$files" selfsame-server
tried wheel "$work/venv/bin/selfsame"
"$work/venv/bin/pip" uninstall --quiet --yes selfsame-server
[ ! -e "$work/venv/bin/selfsame" ] || fail "the wheel leaves its command behind"

# A home of its own: what the wheel fetched is not there.
rm -r "$work/home"
mkdir "$work/home"
(cd "$work/npm" && "${clean[@]}" npm install --silent --offline --no-audit --no-fund "$files"/selfsame-server-[0-9]*.tgz "$files"/selfsame-server-linux-"$node_name"-*.tgz)
cd "$work/npm"
tried npm npx --offline selfsame

# The launcher ends as the binary does, and hands signals on.
code=0
"${clean[@]}" npx --offline selfsame no-such-command >/dev/null 2>&1 || code=$?
[ "$code" = 2 ] || fail "npm: the launcher ended with $code, and the command with 2"
"${clean[@]}" node_modules/.bin/selfsame serve --data "$work/data" --listen 127.0.0.1:0 --load-when-needed >"$work/serving" 2>"$work/log" &
launcher=$!
for _ in $(seq 300); do [ -s "$work/serving" ] && break; sleep 0.1; done
[ -s "$work/serving" ] || { cat "$work/log" >&2; fail "npm: the server did not start"; }
kill -TERM "$launcher"
code=0
wait "$launcher" || code=$?
launcher=
[ "$code" = 0 ] || fail "npm: the server ended with $code on SIGTERM"
echo "ok   npm: exit codes and signals pass the launcher"
