import 'dart:async';

import 'cancellation.dart';

/// Tells the time and waits. Tests put their own in.
abstract interface class Clock {
  /// This moment.
  DateTime now();

  /// Waits, or throws `CancelledException` as soon as it is cancelled.
  Future<void> sleep(Duration pause, [Cancellation? cancellation]);
}

/// The device's clock.
class SystemClock implements Clock {
  /// There is but one.
  const SystemClock();

  @override
  DateTime now() => DateTime.now();

  @override
  Future<void> sleep(Duration pause, [Cancellation? cancellation]) async {
    final passed = Completer<void>();
    final timer = Timer(pause, passed.complete);
    await Future.any([passed.future, if (cancellation != null) cancellation.whenCancelled]);
    timer.cancel();
    cancellation?.check();
  }
}
