import 'dart:convert';
import 'dart:typed_data';

import 'package:crypto/crypto.dart';

import 'errors.dart';
import 'timestamp.dart';

/// How far a code's time may lie from the clock: five minutes each way. The server makes it anew at each try.
const webhookWindow = TimestampWindow(past: Duration(minutes: 5), future: Duration(minutes: 5));

/// More than two codes are of no use: an old key's and a new one's.
const _mostCodes = 8;

const _names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];

/// The key of the code over callbacks' bodies, made from the API key for this purpose alone.
List<int> _keyOf(String apiKey) =>
    Hmac(sha256, utf8.encode(apiKey)).convert(utf8.encode('selfsame webhook secret')).bytes;

/// The secret that goes with an API key, as any library of the Standard Webhooks convention takes it.
String webhookSecret(String apiKey) => 'whsec_${base64.encode(_keyOf(apiKey))}';

String? _header(Map<String, String> headers, String name) {
  for (final MapEntry(:key, :value) in headers.entries) {
    if (key.toLowerCase() == name) return value;
  }
  return null;
}

/// Whether any of the code's three headers is there.
bool carriesCode(Map<String, String> headers) => _names.any((name) => _header(headers, name) != null);

/// Whether two texts are equal. The time it takes does not depend on where they differ.
bool _equal(String right, String given) {
  var difference = right.length ^ given.length;
  for (var at = 0; at < right.length; at += 1) {
    difference |= right.codeUnitAt(at) ^ (at < given.length ? given.codeUnitAt(at) : 0);
  }
  return difference == 0;
}

/// Checks the code over a callback's body (the Standard Webhooks convention): the code first, then freshness.
///
/// Throws [UntrustedException], which says why the body is not to be trusted.
void verifyCode(
  Map<String, String> headers,
  List<int> body,
  String apiKey,
  DateTime now, [
  TimestampWindow window = webhookWindow,
]) {
  final [id, timestamp, signature] = [
    for (final name in _names)
      _header(headers, name) ??
          (throw UntrustedException(DistrustReason.missing, 'the callback carries no $name header')),
  ];
  // A dot would let the beginning of a body pass for a part of the id.
  if (id.isEmpty || id.contains('.')) {
    throw const UntrustedException(DistrustReason.unreadable, 'the webhook-id header is not an id');
  }
  if (!RegExp(r'^\d+$').hasMatch(timestamp)) {
    throw const UntrustedException(
      DistrustReason.unreadable,
      'the webhook-timestamp header is not a time in Unix seconds',
    );
  }
  final message = (BytesBuilder(copy: false)
        ..add(utf8.encode('$id.$timestamp.'))
        ..add(body))
      .takeBytes();
  final right = 'v1,${base64.encode(Hmac(sha256, _keyOf(apiKey)).convert(message).bytes)}';
  final codes = signature.split(' ').where((code) => code.startsWith('v1,')).take(_mostCodes);
  if (!codes.any((code) => _equal(right, code))) {
    throw const UntrustedException(
      DistrustReason.wrongSignature,
      "the callback's webhook-signature is not right: its body was changed, or it does not come from a server that "
      'holds this API key',
    );
  }
  checkWindow(timestamp, now, window);
}
