/// Stands in for package:test, as far as this package's tests use it: registers tests, and runs them one by one.
library;

import 'dart:async';
import 'dart:io';

typedef _Test = ({String name, FutureOr<void> Function() body, String? skip});

final _tests = <_Test>[];
final _tearDowns = <FutureOr<void> Function()>[];

/// [skip] is the reason, or false.
void test(String name, FutureOr<void> Function() body, {Object skip = false}) {
  if (_tests.isEmpty) Timer.run(_runAll);
  _tests.add((name: name, body: body, skip: skip is String ? skip : null));
}

void addTearDown(FutureOr<void> Function() tearDown) => _tearDowns.add(tearDown);

Future<void> _runAll() async {
  var passed = 0, failed = 0, skipped = 0;
  for (final (:name, :body, :skip) in _tests) {
    if (skip != null) {
      print('skip $name: $skip');
      skipped += 1;
      continue;
    }
    try {
      await Future(body).timeout(const Duration(seconds: 60));
      passed += 1;
    } catch (error, stack) {
      print('FAIL $name\n  $error\n$stack');
      failed += 1;
    }
    for (final tearDown in _tearDowns.reversed) {
      await tearDown();
    }
    _tearDowns.clear();
  }
  print('$passed passed, $failed failed, $skipped skipped');
  // What a test left open would keep the process alive.
  exit(failed == 0 && passed > 0 ? 0 : 1);
}

class TestFailure implements Exception {
  TestFailure(this.message);
  final String message;
  @override
  String toString() => message;
}

abstract class Matcher {
  const Matcher();

  /// What is wrong with an item, or null.
  String? mismatch(Object? item);
}

class _Equals extends Matcher {
  const _Equals(this.expected);
  final Object? expected;
  @override
  String? mismatch(Object? item) => _same(item, expected) ? null : 'expected $expected, got $item';
}

bool _same(Object? a, Object? b) {
  if (a is Map && b is Map) {
    return a.length == b.length && b.keys.every((key) => a.containsKey(key) && _same(a[key], b[key]));
  }
  if (a is Iterable && b is Iterable) {
    final left = a.toList(), right = b.toList();
    return left.length == right.length && Iterable<int>.generate(left.length).every((at) => _same(left[at], right[at]));
  }
  return a == b;
}

Matcher equals(Object? expected) => _Equals(expected);
const Matcher isNull = _Equals(null);
const Matcher isTrue = _Equals(true);
const Matcher isFalse = _Equals(false);

class TypeMatcher<T> extends Matcher {
  const TypeMatcher([this._features = const []]);
  final List<String? Function(T)> _features;

  TypeMatcher<T> having(Object? Function(T) feature, String description, Object? matcher) =>
      TypeMatcher<T>([
        ..._features,
        (item) => switch (_matcher(matcher).mismatch(feature(item))) {
          final wrong? => '$description: $wrong',
          null => null,
        },
      ]);

  @override
  String? mismatch(Object? item) {
    if (item is! T) return 'expected a $T, got $item';
    return _features.map((feature) => feature(item)).nonNulls.firstOrNull;
  }
}

TypeMatcher<T> isA<T>() => TypeMatcher<T>();

class _Throws extends Matcher {
  const _Throws(this.inner);
  final Matcher inner;
  @override
  String? mismatch(Object? item) {
    try {
      final given = (item! as Object? Function())();
      return 'expected a throw, got $given';
    } on TestFailure {
      rethrow;
    } catch (error) {
      return inner.mismatch(error);
    }
  }
}

Matcher throwsA(Object? matcher) => _Throws(_matcher(matcher));

Matcher _matcher(Object? value) => value is Matcher ? value : _Equals(value);

void expect(Object? actual, Object? matcher, {String? reason}) {
  final wrong = _matcher(matcher).mismatch(actual);
  if (wrong != null) throw TestFailure(reason == null ? wrong : '$reason: $wrong');
}

Future<void> expectLater(Object? actual, Object? matcher, {String? reason}) async {
  if (matcher is! _Throws) return expect(await actual, matcher, reason: reason);
  try {
    final given = await actual;
    throw TestFailure('${reason ?? ''} expected a throw, got $given');
  } on TestFailure {
    rethrow;
  } catch (error) {
    expect(error, matcher.inner, reason: reason);
  }
}

Never fail(String message) => throw TestFailure(message);
