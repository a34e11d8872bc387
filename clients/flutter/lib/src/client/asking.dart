import 'dart:convert';
import 'dart:typed_data';

import 'cancellation.dart';
import 'connection.dart';
import 'errors.dart';
import 'http_transport.dart';
import 'json.dart';
import 'retry.dart';
import 'signature.dart' as wire;
import 'timestamp.dart';
import 'transport.dart';

/// How one server is asked as one partner.
class Asking {
  /// By the connection's own transport, where it has one.
  Asking(this.connection) : transport = connection.transport ?? HttpTransport();

  /// Which server, as whom.
  final Connection connection;

  /// Carries requests.
  final Transport transport;

  /// Posts JSON.
  Future<WireAnswer> post(String url, JsonObject body, Cancellation? cancellation) =>
      _send('POST', url, 'application/json', utf8.encode(jsonEncode(body)), cancellation);

  /// Gets.
  Future<WireAnswer> get(String url, Cancellation? cancellation) => _send('GET', url, '', Uint8List(0), cancellation);

  /// A fresh timestamp and its signature.
  ///
  /// Throws [ArgumentException] where there is no API key of the environment.
  JsonObject sign({required bool isProduction}) {
    final apiKey = _apiKey(isProduction: isProduction);
    final timestamp = formatTimestamp(connection.clock.now());
    return {'timestamp': timestamp, 'signature': wire.sign(apiKey, connection.partnerId, timestamp)};
  }

  /// The body of an answer that the partner's key signed, and freshly.
  JsonObject verified(WireAnswer answer, {required bool isProduction}) {
    final apiKey = _apiKey(isProduction: isProduction);
    return wire.verifySigned(accept(answer), apiKey, connection.partnerId, connection.clock.now());
  }

  Future<WireAnswer> _send(String method, String url, String type, Uint8List body, Cancellation? cancellation) =>
      transport.send(
        WireRequest(
          method: method,
          url: Uri.parse(url),
          contentType: type,
          body: body,
          timeout: connection.requestTimeout,
          cancellation: cancellation,
        ),
      );

  String _apiKey({required bool isProduction}) => switch (connection.auth) {
    final ApiKeyAuth auth => auth.of(isProduction: isProduction),
    WebTokenAuth() => throw const ArgumentException('this call needs the API key, and there is a web token only'),
  };
}
