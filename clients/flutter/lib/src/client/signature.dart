import 'dart:convert';

import 'package:crypto/crypto.dart';

import 'errors.dart';
import 'json.dart';
import 'timestamp.dart';

/// `base64(HMAC-SHA256(apiKey, timestamp + partnerId + "sid_request"))`: how requests and answers are signed.
String sign(String apiKey, String partnerId, String timestamp) {
  final mac = Hmac(sha256, utf8.encode(apiKey)).convert(utf8.encode('$timestamp${partnerId}sid_request'));
  return base64.encode(mac.bytes);
}

/// Whether a signature is right. The time it takes does not depend on where the two differ.
bool verify(String apiKey, String partnerId, String timestamp, String signature) {
  final right = sign(apiKey, partnerId, timestamp);
  var difference = right.length ^ signature.length;
  for (var at = 0; at < right.length; at += 1) {
    difference |= right.codeUnitAt(at) ^ (at < signature.length ? signature.codeUnitAt(at) : 0);
  }
  return difference == 0;
}

/// Checks a signed JSON object, signature first, then freshness, and gives it.
///
/// Throws [UntrustedException], which says why it is not to be trusted.
JsonObject verifySigned(
  String body,
  String apiKey,
  String partnerId,
  DateTime now, [
  TimestampWindow window = const TimestampWindow(),
]) {
  final object = parseObject(body);
  if (object == null) throw const UntrustedException(DistrustReason.notAnObject, 'the result is not a JSON object');
  final timestamp = object['timestamp'], signature = object['signature'];
  if (timestamp is! String) {
    throw const UntrustedException(DistrustReason.missing, 'the result carries no timestamp');
  }
  if (signature is! String) {
    throw const UntrustedException(DistrustReason.missing, 'the result carries no signature');
  }
  if (!verify(apiKey, partnerId, timestamp, signature)) {
    throw const UntrustedException(
      DistrustReason.wrongSignature,
      "the result's signature is not right: it does not come from a server that holds this API key",
    );
  }
  checkWindow(timestamp, now, window);
  return object;
}
