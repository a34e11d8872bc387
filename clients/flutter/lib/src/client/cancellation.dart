import 'dart:async';

import 'errors.dart';

/// Cancels a submission: make one, hand it over in `SubmitOptions`, and call [cancel].
class Cancellation {
  final _cancelled = Completer<void>();

  /// Cancels. What had been sent stays sent. A second call does nothing.
  void cancel() {
    if (!_cancelled.isCompleted) _cancelled.complete();
  }

  /// Whether it was cancelled.
  bool get isCancelled => _cancelled.isCompleted;

  /// Completes when it is cancelled.
  Future<void> get whenCancelled => _cancelled.future;

  /// Throws [CancelledException] where it was cancelled.
  void check() {
    if (isCancelled) throw const CancelledException();
  }
}
