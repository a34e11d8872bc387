#!/usr/bin/env bash
# The public clients, unchanged and at pinned versions, against the real server: those of v1 and v2 in Python and Node, and of v3 in
# Python; the others where they can be had, Ruby and PHP with Debian's interpreters. In place of their registries may stand
#   SELFSAME_RUBY_CLIENT      a checkout or a git directory of smile-identity-core-ruby
#   SELFSAME_PHP_AUTOLOAD     Composer's vendor/autoload.php of smile-identity-core for PHP
#   SELFSAME_NODE_V3_CLIENT   a built folder of smileid-sdk-js (tsc has run in it)
#   SELFSAME_RUBY_V3_CLIENT   the lib folders of smileid-sdk-ruby, of Faraday 2 and what that needs, divided by colons
#   SELFSAME_PHP_V3_AUTOLOAD  Composer's vendor/autoload.php of smileid-sdk-php
#
# With SELFSAME_TEST_ON=postgres, inside scripts/services.sh, the server keeps all in PostgreSQL and S3. Python and Node run then.
#
# `run.sh install` only installs what Python and Node need: before two runs beside each other.
set -euo pipefail
cd "$(dirname "$0")"

export SELFSAME_BIN="${SELFSAME_BIN:-$PWD/../../target/debug/selfsame}"
[ -x "$SELFSAME_BIN" ] || { echo "no server at $SELFSAME_BIN: run 'cargo build --bin selfsame' first" >&2; exit 1; }

RUBY_CLIENT=2.3.1
NODE_V3_CLIENT=12.0.0
RUBY_V3_CLIENT=12.0.0
logs="$(mktemp -d)"
trap 'rm -rf "$logs"' EXIT

# Puts v3's Node client where the tests find it.
node_v3_client() {
    [ -z "${SELFSAME_NODE_V3_CLIENT:-}" ] || return 0
    local client="$PWD/.node-v3/node_modules/@smileid/usesmileid-nodejs"
    if [ "$(node -p "require('$client/package.json').version" 2>/dev/null)" != "$NODE_V3_CLIENT" ]; then
        npm install --silent --no-audit --no-fund --no-save --fetch-retries=0 --prefix .node-v3 \
            "@smileid/usesmileid-nodejs@$NODE_V3_CLIENT" >"$logs/npm" 2>&1 || return 1
    fi
    export SELFSAME_NODE_V3_CLIENT="$client"
}

[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r python/requirements.txt
# Installed once for each lock file: this script runs twice in the tests.
[ node/node_modules/.package-lock.json -nt node/package-lock.json ] || (cd node && npm ci --silent --no-audit --no-fund)
if [ "${1:-}" = install ]; then
    node_v3_client || true
    exit 0
fi

# Four at a time, for they mostly wait for results. On PostgreSQL v3's refusals and lists are left out: they meet the store in no way of their own.
python=(python)
[ "${SELFSAME_TEST_ON:-}" != postgres ] || python=(python/test_[!v]*.py python/test_v3_jobs.py python/test_v3_selfies.py)
.venv/bin/python -m pytest -q -p no:cacheprovider -n 4 "${python[@]}"

# Runs commands beside one server: each is a line of shell.
beside_a_server() {
    [ $# = 0 ] || .venv/bin/python python/with_https_server.py bash -ec "$(printf '%s\n' "$@")"
}

if node_v3_client; then
    WITH_FRAMES=1 beside_a_server 'node --test --test-concurrency=4 node/*.test.js node/v3/*.test.js'
else
    echo "left out: v3's public Node client, because it cannot be fetched; SELFSAME_NODE_V3_CLIENT may name a built folder of its sources"
    beside_a_server 'node --test --test-concurrency=4 node/*.test.js'
fi

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

# Finds v3's Ruby client, or installs it with what it needs: Debian has no Faraday 2.
ruby_v3_client() {
    [ -z "${SELFSAME_RUBY_V3_CLIENT:-}" ] || return 0
    gem install --silent --no-document --install-dir .gems-v3 "usesmileid:$RUBY_V3_CLIENT" >"$logs/gem-v3" 2>&1
}

# Composer installs a PHP client beside its tests, in the folder named.
php_client() {
    command -v composer >/dev/null || debian composer || return 1
    (cd "$1" && composer install --quiet --no-interaction) >"$logs/composer" 2>&1
}

ruby=()
frames=0
if ! ruby -rtyphoeus -rzip -e '' 2>/dev/null && ! debian ruby ruby-minitest ruby-typhoeus ruby-zip; then
    echo "left out: the public Ruby client, because there is no Ruby with typhoeus and rubyzip, and no right to install them"
elif ! ruby_client; then
    echo "left out: the public Ruby client, because it cannot be fetched ($(tail -n 1 "$logs/gem")); SELFSAME_RUBY_CLIENT may name its sources"
else
    ruby+=("ruby -I '$ruby_lib' -I ruby -e 'Dir[\"ruby/test_*.rb\"].each { |test| require File.basename(test) }'")
fi
if ! ruby -rminitest -e '' 2>/dev/null && ! debian ruby ruby-minitest; then
    echo "left out: v3's public Ruby client, because there is no Ruby with minitest, and no right to install it"
elif ! ruby_v3_client; then
    echo "left out: v3's public Ruby client, because it cannot be fetched; SELFSAME_RUBY_V3_CLIENT may name its sources"
else
    # A path that ends with a colon goes on with Ruby's own.
    ruby+=("RUBYLIB='${SELFSAME_RUBY_V3_CLIENT:-}' GEM_PATH='$PWD/.gems-v3:' ruby -I ruby/v3 -e 'Dir[\"ruby/v3/test_*.rb\"].each { |test| require File.basename(test) }'")
    frames=1
fi
WITH_FRAMES=$frames beside_a_server "${ruby[@]}"

php=()
frames=0
if ! php -r 'exit((int) !(extension_loaded("curl") && extension_loaded("zip")));' 2>/dev/null && ! debian php-cli php-curl php-zip composer; then
    echo "left out: the public PHP client, because there is no PHP with curl and zip, and no right to install them"
elif [ -z "${SELFSAME_PHP_AUTOLOAD:-}" ] && ! php_client php; then
    echo "left out: the public PHP client, because it cannot be fetched; SELFSAME_PHP_AUTOLOAD may name its autoload file"
else
    export AUTOLOAD="${SELFSAME_PHP_AUTOLOAD:-$PWD/php/vendor/autoload.php}"
    php+=('for test in php/test_*.php; do php "$test" || exit 1; done')
fi
if ! php -r 'exit((int) !(extension_loaded("curl") && extension_loaded("mbstring")));' 2>/dev/null && ! debian php-cli php-curl php-mbstring composer; then
    echo "left out: v3's public PHP client, because there is no PHP with curl and mbstring, and no right to install them"
elif [ -z "${SELFSAME_PHP_V3_AUTOLOAD:-}" ] && ! php_client php/v3; then
    echo "left out: v3's public PHP client, because it cannot be fetched; SELFSAME_PHP_V3_AUTOLOAD may name its autoload file"
else
    export AUTOLOAD_V3="${SELFSAME_PHP_V3_AUTOLOAD:-$PWD/php/v3/vendor/autoload.php}"
    php+=('trusting=(-d "curl.cainfo=$SSL_CERT_FILE" -d "openssl.cafile=$SSL_CERT_FILE")')
    php+=('for test in php/v3/test_*.php; do php "${trusting[@]}" "$test" || exit 1; done')
    frames=1
fi
WITH_FRAMES=$frames beside_a_server "${php[@]}"
