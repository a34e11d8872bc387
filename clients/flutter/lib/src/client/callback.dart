import 'dart:convert';

import 'errors.dart';
import 'json.dart';
import 'signature.dart';
import 'timestamp.dart';
import 'webhook.dart';

/// Verifies the results that a server posts, for a partner's service in Dart. A telephone receives none.
///
/// A server of this project sends two proofs, and both are wanted: the wire's signature in the body, which covers a
/// timestamp and the partner, and a code over the whole body in the headers (the Standard Webhooks convention).
class CallbackVerifier {
  /// For a partner's results, with the API key of the environment they come from.
  ///
  /// [window] is an hour back and five minutes ahead for the wire's signature, and five minutes each way for the code,
  /// unless it is told otherwise. With [acceptWithoutCode] callbacks without the code are believed: for an endpoint
  /// that the public service also calls, which sends none. Whoever can change such a callback on its way can change its
  /// result.
  const CallbackVerifier({
    required this.partnerId,
    required this.apiKey,
    this.window,
    this.acceptWithoutCode = false,
  });

  /// The partner.
  final String partnerId;

  /// The API key of the environment that the results come from.
  final String apiKey;

  /// How far a timestamp may lie from the clock.
  final TimestampWindow? window;

  /// Whether callbacks without the code over their body are believed.
  final bool acceptWithoutCode;

  /// Gives the result that a callback carries, if it is the server's, whole and fresh. [body] is the body as it came.
  ///
  /// A callback may come more than once: its `SmileJobID` and `ResultCode` tell.
  ///
  /// Throws [UntrustedException] when the body is no signed result, or not to be trusted.
  JsonObject verify(List<int> body, Map<String, String> headers, DateTime now) {
    if (!acceptWithoutCode || carriesCode(headers)) {
      verifyCode(headers, body, apiKey, now, window ?? webhookWindow);
    }
    final text = utf8.decode(body, allowMalformed: true);
    return verifySigned(text, apiKey, partnerId, now, window ?? const TimestampWindow());
  }
}
