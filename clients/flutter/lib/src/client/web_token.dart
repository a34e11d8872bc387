import 'dart:convert';

import 'json.dart';

/// The `user_id` and the `job_id` that a web token is for, as any app may read them. Empty where the token is not to be
/// read: the server judges tokens, not this.
JsonObject namesIn(String token) {
  final parts = token.split('.');
  if (parts.length != 3) return const {};
  try {
    final claims = parseObject(utf8.decode(base64Url.decode(base64Url.normalize(parts[1]))));
    final params = claims?['partner_params'];
    if (params is! JsonObject) return const {};
    return {
      for (final name in const ['user_id', 'job_id'])
        if (params[name] case final String value when value.isNotEmpty) name: value,
    };
  } on FormatException {
    return const {};
  }
}
