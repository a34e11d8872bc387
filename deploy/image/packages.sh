#!/bin/sh
# What the build needs of Debian, and what the image holds of it: in /image, whole packages unpacked, with their descriptions
# where vulnerability scanners look for them (var/lib/dpkg/status.d).
set -eu

# git and pip bring the models.
[ -n "${PREBUILT_MODELS:-}" ] || needed="git python3-pip"
# A C and C++ compiler: SQLite, ring and the graph index.
[ -n "${PREBUILT:-}" ] || needed="${needed:-} g++ make"
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends ca-certificates ${needed:-}

mkdir -p /image /tmp/packages
cd /tmp/packages
# libstdc++ and libgcc: OpenVINO. tzdata: none, times are UTC.
apt-get download libc6 libgcc-s1 libstdc++6 ca-certificates
mkdir -p /image/var/lib/dpkg/status.d
for package in *.deb; do
    dpkg-deb --extract "$package" /image
    dpkg-deb --field "$package" >"/image/var/lib/dpkg/status.d/$(dpkg-deb --field "$package" Package)"
done
# What the packages hold beside the libraries.
rm -rf /image/usr/share/doc /image/usr/share/man /image/usr/share/lintian /image/usr/share/locale /image/usr/share/gdb \
    /image/usr/sbin /image/sbin /image/usr/lib/x86_64-linux-gnu/gconv /image/usr/lib/aarch64-linux-gnu/gconv
mkdir -p /image/etc/ssl/certs
cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/
