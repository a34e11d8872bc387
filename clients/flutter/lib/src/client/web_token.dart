import 'dart:convert';

import 'challenge.dart';
import 'json.dart';

/// The `user_id` and the `job_id` that a web token is for, as any app may read them. Empty where the token is not to be
/// read: the server judges tokens, not this.
JsonObject namesIn(String token) {
  final params = _claimsOf(token)?['partner_params'];
  if (params is! JsonObject) return const {};
  return {
    for (final name in const ['user_id', 'job_id'])
      if (params[name] case final String value when value.isNotEmpty) name: value,
  };
}

/// The challenge that was drawn with a web token; null where there is none.
Challenge? challengeIn(String token) => Challenge.read(_claimsOf(token)?['challenge']);

JsonObject? _claimsOf(String token) {
  final parts = token.split('.');
  if (parts.length != 3) return null;
  try {
    return parseObject(utf8.decode(base64Url.decode(base64Url.normalize(parts[1]))));
  } on FormatException {
    return null;
  }
}
