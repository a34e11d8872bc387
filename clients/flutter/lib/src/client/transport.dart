import 'dart:typed_data';

import 'cancellation.dart';

/// One HTTP request.
class WireRequest {
  /// Takes what is to be sent.
  const WireRequest({
    required this.method,
    required this.url,
    required this.contentType,
    required this.body,
    required this.timeout,
    this.cancellation,
    this.onProgress,
  });

  /// `GET`, `POST` or `PUT`.
  final String method;

  /// Where to.
  final Uri url;

  /// What [body] is. Not sent with `GET`, which has none.
  final String contentType;

  /// The bytes to send; empty with `GET`.
  final Uint8List body;

  /// How long to wait for the whole answer.
  final Duration timeout;

  /// Cancels the request.
  final Cancellation? cancellation;

  /// Told how far the body is: bytes handed to the network so far, and bytes in all.
  final void Function(int sent, int total)? onProgress;
}

/// Its answer, whatever the status.
class WireAnswer {
  /// Takes what came.
  const WireAnswer(this.status, this.body, {this.retryAfter});

  /// The HTTP status.
  final int status;

  /// The body as text.
  final String body;

  /// The `Retry-After` header, as it came.
  final String? retryAfter;
}

/// Carries requests. Apps may put their own in, e.g. one that pins certificates.
abstract interface class Transport {
  /// Sends a request and gives its answer, whatever the status.
  ///
  /// Throws `TransportException` where no answer came, `CancelledException` where the caller cancelled.
  Future<WireAnswer> send(WireRequest request);
}
