// The contract's vectors, and what a test needs beside them.
import 'dart:convert';
import 'dart:io';

import 'package:selfsame_flutter/client.dart';

/// A subject's vectors, from the repository's `conformance/`. Tests run in the package's folder.
dynamic vectors(String name) => jsonDecode(File('../../conformance/vectors/$name.json').readAsStringSync());

/// A clock that moves when it is slept on, and by itself not at all.
class TurnedClock implements Clock {
  static final began = DateTime.utc(2026, 1, 31, 12);
  var _now = began;

  @override
  DateTime now() => _now;

  @override
  Future<void> sleep(Duration pause, [Cancellation? cancellation]) async => _now = _now.add(pause);

  /// Milliseconds since the start.
  int get elapsed => _now.difference(began).inMilliseconds;
}

/// What differs from a vector's expectation: `ABSENT` must not be there, `MADE` must be some text, objects may hold
/// more.
List<String> differences(Object? actual, Object? expected, String path) => switch (expected) {
  'MADE' => actual is String && actual.isNotEmpty ? [] : ['$path was not made'],
  Map() when actual is Map => [
    for (final MapEntry(:key, :value) in expected.entries)
      if (value == 'ABSENT')
        ...actual.containsKey(key) ? ['$path.$key is there'] : const <String>[]
      else
        ...differences(actual[key], value, '$path.$key'),
  ],
  _ => actual == expected ? [] : ['$path: ${jsonEncode(actual)} instead of ${jsonEncode(expected)}'],
};
