#!/usr/bin/env bash
# Makes the secrets that compose.yaml reads, where there are none: secrets.sh. Keep them, and a copy of master_key elsewhere: what
# the store holds cannot be read without it.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }
make() { [ -e "$1" ] || { random "$2" >"$1"; echo "made $1"; }; }
make secrets/database_password 24
make secrets/master_key 32
# Mounted files keep their owner; the server runs as 65532.
chmod 644 secrets/database_password secrets/master_key
chmod 711 secrets
if [ ! -e .env ]; then
    { echo "S3_ACCESS_KEY=$(random 10)"; echo "S3_SECRET_KEY=$(random 24)"; } >.env
    echo "made .env"
fi
