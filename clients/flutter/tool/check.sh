#!/usr/bin/env bash
# Type-checks every Dart file of this package and runs its tests, with the Dart virtual machine that a package of npm
# carries, and holds the sources to a few rules (check/check.dart). Libraries that no registry here serves are stood in
# for (check/standins). Where there is a Dart or Flutter SDK, `flutter analyze` and `flutter test` do better.
#
# check.sh          checks and tests
# check.sh prove    shows that each check can fail
set -euo pipefail
cd "$(dirname "$0")/.."
here="$PWD"

if [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "skipped: Flutter's checks, because the virtual machine is one for Linux on x86"
    exit 0
fi
if [ ! -e /lib/ld-linux.so.2 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        sh "$here/../../scripts/debian.sh" libc6-i386
    else
        echo "skipped: Flutter's checks, because there is no 32-bit C library (libc6-i386) and no right to install it"
        exit 0
    fi
fi
# By force, because the package is for a 32-bit processor, which this one is, too.
(cd tool/check && npm ci --force --silent --no-audit --no-fund)
dart="$here/tool/check/node_modules/sass-embedded-linux-ia32/dart-sass/src/dart"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# Every file of a package's folder, compiled as one program, which then runs the tests, if there are any.
program() { # FOLDER → a program's path
    local at=0 file
    {
        for file in $(cd "$1" && find lib test example/lib -name '*.dart' | sort); do
            case "$file" in
                lib/*) echo "import 'package:selfsame_flutter/${file#lib/}' as f$((at += 1));" ;;
                *) echo "import 'file://$1/$file' as f$((at += 1));" ;;
            esac
            case "$file" in test/*_test.dart) echo "f$at.main();" >>"$work/mains" ;; esac
        done
        echo "void main() {"
        cat "$work/mains"
        echo "}"
    } >"$work/program.dart"
    rm "$work/mains"
    echo "$work/program.dart"
}

look() { # FOLDER: the rules, on sources there
    "$dart" "$here/tool/check/check.dart" "$1" "$here/../../conformance/vectors"
}

compile() { # FOLDER: a syntax or a type error fails
    "$dart" --packages="$1/tool/check/package_config.json" --snapshot-kind=kernel --snapshot="$work/program.dill" "$(program "$1")"
}

if [ "${1:-}" = prove ]; then
    # Each change breaks one rule; the check must see it, and see nothing without it.
    broken() { # NAME CHECK SED-EXPRESSION FILE
        rm -rf "$work/copy" && mkdir -p "$work/copy"
        (cd "$here" && tar c --exclude=node_modules lib test example tool pubspec.yaml CHANGELOG.md) | tar x -C "$work/copy"
        sed -i "$3" "$work/copy/$4"
        ! cmp -s "$4" "$work/copy/$4" || { echo "not broken: $1"; exit 1; }
        if "$2" "$work/copy" >"$work/said" 2>&1; then echo "not seen: $1"; exit 1; fi
        echo "seen: $1: $(head -1 "$work/said")"
    }
    look "$here" && compile "$here" >/dev/null
    broken "a syntax error" compile 's/^library;/library/' lib/client.dart
    broken "a type error" compile 's/String? get resultCode => _text/int? get resultCode => _text/' lib/src/client/job_result.dart
    broken "a type error in the screen" compile 's/texts.again, _session.retake/_session.retake, texts.again/' lib/src/capture/capture_screen.dart
    broken "an error in the example" compile 's/captured.tag,/captured.tags,/' example/lib/main.dart
    broken "an import of nothing" look "s|'errors.dart'|'error.dart'|" lib/src/client/retry.dart
    broken "a package that is not declared" look '/crypto:/d' pubspec.yaml
    broken "a public member without a comment" look '/The result code, four digits/d' lib/src/client/job_result.dart
    broken "a public class without a comment" look '/^\/\/\/ A request/d;/^\/\/\/ One HTTP request/d' lib/src/client/transport.dart
    broken "an accessor that the contract names otherwise" look 's/get smileJobId/get smileJobID/' lib/src/client/job_result.dart
    broken "an export of nothing" look 's/show Cancellation;/show Cancelation;/' lib/client.dart
    exit 0
fi

look "$here"
"$dart" --enable-asserts --packages=tool/check/package_config.json "$(program "$here")"
