#!/usr/bin/env bash
# The public clients, unchanged and at pinned versions, against the real server: Python and Node; Ruby and PHP where Debian's
# interpreters and the client itself can be had. SELFSAME_RUBY_CLIENT (a checkout or a git directory of
# smile-identity-core-ruby) and SELFSAME_PHP_AUTOLOAD (Composer's vendor/autoload.php) stand in for their registries.
#
# With SELFSAME_TEST_ON=postgres, inside scripts/services.sh, the server keeps all in PostgreSQL and S3. Python and Node run then.
set -euo pipefail
cd "$(dirname "$0")"

export SELFSAME_BIN="${SELFSAME_BIN:-$PWD/../../target/debug/selfsame}"
[ -x "$SELFSAME_BIN" ] || { echo "no server at $SELFSAME_BIN: run 'cargo build --bin selfsame' first" >&2; exit 1; }

RUBY_CLIENT=2.3.1
logs="$(mktemp -d)"
trap 'rm -rf "$logs"' EXIT

[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r python/requirements.txt
.venv/bin/python -m pytest -q -p no:cacheprovider python

# Installed once for each lock file: this script runs twice in the tests.
[ node/node_modules/.package-lock.json -nt node/package-lock.json ] || (cd node && npm ci --silent --no-audit --no-fund)
.venv/bin/python python/with_https_server.py node --test node/

if [ "${SELFSAME_TEST_ON:-}" = postgres ]; then
    echo "left out on PostgreSQL and S3: the public Ruby and PHP clients, whose calls are the same"
    exit 0
fi

# Installs Debian packages where that is allowed; says no where it is not.
debian() {
    sh ../../scripts/debian.sh "$@" >"$logs/apt" 2>&1
}

# Puts the folder of the Ruby client's sources into $ruby_lib.
ruby_client() {
    local given="${SELFSAME_RUBY_CLIENT:-}"
    if [ -n "$given" ] && [ -d "$given/lib" ]; then
        ruby_lib="$given/lib"
    elif [ -n "$given" ]; then
        mkdir -p .ruby && git --git-dir="$given" archive "v$RUBY_CLIENT" lib | tar x -C .ruby
        ruby_lib="$PWD/.ruby/lib"
    else
        gem install --silent --no-document --ignore-dependencies --install-dir .gems "smile-identity-core:$RUBY_CLIENT" >"$logs/gem" 2>&1 || return 1
        ruby_lib="$PWD/.gems/gems/smile-identity-core-$RUBY_CLIENT/lib"
    fi
}

# Composer installs the PHP client beside its test.
php_client() {
    command -v composer >/dev/null || debian composer || return 1
    (cd php && composer install --quiet --no-interaction) >"$logs/composer" 2>&1
}

if ! ruby -rtyphoeus -rzip -e '' 2>/dev/null && ! debian ruby ruby-minitest ruby-typhoeus ruby-zip; then
    echo "left out: the public Ruby client, because there is no Ruby with typhoeus and rubyzip, and no right to install them"
elif ! ruby_client; then
    echo "left out: the public Ruby client, because it cannot be fetched ($(tail -n 1 "$logs/gem")); SELFSAME_RUBY_CLIENT may name its sources"
else
    .venv/bin/python python/with_https_server.py ruby -I "$ruby_lib" -I ruby -e 'Dir["ruby/test_*.rb"].each { |test| require File.basename(test) }'
fi

if ! php -r 'exit((int) !(extension_loaded("curl") && extension_loaded("zip")));' 2>/dev/null && ! debian php-cli php-curl php-zip composer; then
    echo "left out: the public PHP client, because there is no PHP with curl and zip, and no right to install them"
elif [ -z "${SELFSAME_PHP_AUTOLOAD:-}" ] && ! php_client; then
    echo "left out: the public PHP client, because it cannot be fetched; SELFSAME_PHP_AUTOLOAD may name its autoload file"
else
    AUTOLOAD="${SELFSAME_PHP_AUTOLOAD:-$PWD/php/vendor/autoload.php}" \
        .venv/bin/python python/with_https_server.py sh -c 'for test in php/test_*.php; do php "$test" || exit 1; done'
fi
