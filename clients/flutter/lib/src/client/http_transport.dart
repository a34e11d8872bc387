import 'dart:async';
import 'dart:convert';
import 'dart:io';
import 'dart:math';
import 'dart:typed_data';

import 'errors.dart';
import 'transport.dart';

/// How much of a body is handed to the network at once, in bytes; so often progress is told.
const _chunk = 64 * 1024;

/// No answer of the wire comes near this, in bytes.
const _largestAnswer = 4 * 1024 * 1024;

/// `dart:io`'s HTTP client.
class HttpTransport implements Transport {
  /// Uses a client of its own unless it is given one, e.g. one with a `SecurityContext` that trusts one certificate.
  HttpTransport([HttpClient? client]) : _client = client ?? HttpClient();

  final HttpClient _client;

  @override
  Future<WireAnswer> send(WireRequest request) async {
    final attempt = _Attempt(_client, request);
    try {
      return await Future.any([
        attempt.run(),
        if (request.cancellation case final cancellation?)
          cancellation.whenCancelled.then((_) => throw const CancelledException()),
      ]).timeout(request.timeout);
    } on TimeoutException catch (cause) {
      throw _unreachable(request, 'did not answer within ${request.timeout.inSeconds} s', cause);
    } on IOException catch (cause) {
      throw _unreachable(request, 'cannot be reached', cause);
    } finally {
      attempt.leave();
    }
  }

  /// The URL's origin only: paths may carry a secret.
  TransportException _unreachable(WireRequest request, String what, Object cause) =>
      TransportException('${request.url.origin} $what', cause);
}

/// One request on its way. Left before its end, it is torn down.
class _Attempt {
  _Attempt(this._client, this._request);

  final HttpClient _client;
  final WireRequest _request;
  HttpClientRequest? _open;
  var _left = false;

  Future<WireAnswer> run() async {
    _request.cancellation?.check();
    final open = _open = await _client.openUrl(_request.method, _request.url);
    if (_left) {
      open.abort();
      throw const CancelledException();
    }
    open
      ..followRedirects = false
      ..contentLength = _request.body.length;
    if (_request.method != 'GET') open.headers.set(HttpHeaders.contentTypeHeader, _request.contentType);
    // An answer may come, or the connection break, before the whole body was sent.
    final answered = open.done;
    await Future.any([_sendBody(open), answered]);
    final response = await answered;
    return WireAnswer(
      response.statusCode,
      await _bodyOf(response),
      retryAfter: response.headers.value(HttpHeaders.retryAfterHeader),
    );
  }

  Future<void> _sendBody(HttpClientRequest open) async {
    final body = _request.body;
    for (var sent = 0; sent < body.length && !_left;) {
      final end = min(sent + _chunk, body.length);
      open.add(Uint8List.sublistView(body, sent, end));
      await open.flush();
      sent = end;
      _request.onProgress?.call(sent, body.length);
    }
    await open.close();
  }

  Future<String> _bodyOf(HttpClientResponse response) async {
    final bytes = BytesBuilder(copy: false);
    await for (final chunk in response) {
      bytes.add(chunk);
      if (bytes.length > _largestAnswer) {
        throw const AnswerException("the server's answer is larger than any of the wire's");
      }
    }
    return utf8.decode(bytes.takeBytes(), allowMalformed: true);
  }

  void leave() {
    _left = true;
    // Without effect where the answer has come.
    _open?.abort();
  }
}
