#!/bin/sh
# Installs packages of Debian where that is allowed: as root, through apt-get. Ends with 1 where it is not. Callers take turns, for
# the tests' steps run beside each other; what is available is asked once an hour.
set -eu
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 1

exec 9>/var/lib/apt/lists/selfsame.lock
flock 9
asked=/var/lib/apt/lists/selfsame.asked
ask() {
    apt-get -qq update 9>&-
    touch "$asked"
}
put() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null 9>&-
}
if [ -z "$(find "$asked" -mmin -60 2>/dev/null)" ]; then
    ask
    put "$@"
else
    # A package that was there an hour ago may be gone from the mirror since.
    put "$@" || { ask && put "$@"; }
fi
