import 'cancellation.dart';
import 'clock.dart';
import 'errors.dart';
import 'json.dart';
import 'transport.dart';

/// How often a step is tried when the network breaks or the server is busy.
class RetryPolicy {
  /// Three tries, half a second and a second apart, unless it is told otherwise.
  const RetryPolicy({this.attempts = 3, this.firstPause = const Duration(milliseconds: 500)});

  /// Tries in all; 1 never retries.
  final int attempts;

  /// The pause before the second try; it doubles from try to try. A server that names a longer one is heard.
  final Duration firstPause;
}

/// No server makes a person wait longer than this between two tries.
const _longestPause = Duration(seconds: 30);

/// Whether another try may help.
bool isTransient(Object error) => switch (error) {
  TransportException() => true,
  RefusedException(:final retryable) => retryable,
  _ => false,
};

/// Runs a step until it succeeds, fails for good, or has failed too often. The step learns what failed before.
Future<T> withRetry<T>(
  RetryPolicy policy,
  Clock clock,
  Cancellation? cancellation,
  Future<T> Function(List<Object> failures) step,
) async {
  final failures = <Object>[];
  for (var pause = policy.firstPause; ; pause *= 2) {
    try {
      return await step(failures);
    } on SelfsameException catch (error) {
      failures.add(error);
      if (failures.length >= policy.attempts || !isTransient(error)) rethrow;
      await clock.sleep(pauseAfter(error, pause), cancellation);
    }
  }
}

/// How long to pause after a failure: what the server asks for, if it asks for more.
Duration pauseAfter(Object error, Duration pause) {
  final asked = error is RefusedException ? error.retryAfter ?? Duration.zero : Duration.zero;
  final longer = asked > pause ? asked : pause;
  return longer < _longestPause ? longer : _longestPause;
}

/// The body of an answer that is a success.
///
/// Throws [RefusedException] with the wire's code and text otherwise; [ChallengeException] where it is a challenge that
/// is refused.
String accept(WireAnswer answer) {
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  final error = parseObject(answer.body);
  String text(String name) => switch (error?[name]) {
    final String text => text,
    _ => '',
  };
  // Up to nine digits; what waits longer is cut to the longest pause anyway.
  final seconds = RegExp(r'^\d{1,9}$').hasMatch(answer.retryAfter ?? '') ? int.parse(answer.retryAfter!) : null;
  final refused = RefusedException(
    answer.status,
    text('code'),
    text('error'),
    retryAfter: seconds == null ? null : Duration(seconds: seconds),
  );
  throw text('reason') == 'challenge_expired' ? ChallengeException(ChallengeFailure.expired, cause: refused) : refused;
}

/// An answer's JSON object.
///
/// Throws [AnswerException] where it is none.
JsonObject acceptObject(WireAnswer answer) =>
    parseObject(accept(answer)) ?? (throw const AnswerException("the server's answer is not a JSON object"));
