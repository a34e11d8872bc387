import 'challenge.dart';

/// What kind of thing went wrong; the same names in every client (see `conformance/`).
enum ErrorKind {
  /// Nothing was captured under the tag.
  unknownTag('unknown_tag'),

  /// An argument is not what it must be.
  argument('argument'),

  /// The server refused.
  refused('refused'),

  /// No answer came.
  transport('transport'),

  /// The answer is not what the wire promises.
  answer('answer'),

  /// The answer is not signed with the partner's key.
  untrusted('untrusted'),

  /// The caller cancelled.
  cancelled('cancelled'),

  /// Nothing was captured.
  capture('capture'),

  /// A capture does not stand to its challenge.
  challenge('challenge');

  /// Takes its name in the contract.
  const ErrorKind(this.wireName);

  /// The name in the contract, e.g. `unknown_tag`.
  final String wireName;
}

/// The base of every error that this package throws.
sealed class SelfsameException implements Exception {
  /// Takes what every error has.
  const SelfsameException(this.message, [this.cause]);

  /// What was wrong, and what to do.
  final String message;

  /// What led to it, where something did.
  final Object? cause;

  /// What kind of thing went wrong.
  ErrorKind get kind;

  @override
  String toString() => 'SelfsameException(${kind.wireName}): $message';
}

/// Nothing was captured under the tag.
final class UnknownTagException extends SelfsameException {
  /// Names the tag.
  const UnknownTagException(this.tag) : super('nothing was captured under the tag "$tag"');

  /// The tag.
  final String tag;

  @override
  ErrorKind get kind => ErrorKind.unknownTag;
}

/// An argument is not what it must be. Nothing was sent.
final class ArgumentException extends SelfsameException {
  /// Says which argument, and what it must be.
  const ArgumentException(super.message);

  @override
  ErrorKind get kind => ErrorKind.argument;
}

/// The server refused: the wire's code and text.
final class RefusedException extends SelfsameException {
  /// Takes what the server answered.
  RefusedException(this.httpStatus, this.code, this.serverMessage, {this.retryAfter})
    : super(
        'the server refused (${code.isEmpty ? 'HTTP $httpStatus' : code})'
        '${serverMessage.isEmpty ? '' : ': $serverMessage'}',
      );

  /// The HTTP status.
  final int httpStatus;

  /// The wire's code of four digits, e.g. `2210`; empty where the answer carried none.
  final String code;

  /// The wire's text; empty where the answer carried none.
  final String serverMessage;

  /// How long the server asks to wait; null where it does not say.
  final Duration? retryAfter;

  /// Whether the same request may be served later: the server was busy or failed, the request itself was not at fault.
  bool get retryable => httpStatus == 408 || httpStatus == 429 || httpStatus >= 500;

  @override
  ErrorKind get kind => ErrorKind.refused;
}

/// Why a capture does not stand to its challenge.
enum ChallengeFailure {
  /// The challenge cannot be used any more: its time has passed, it was used, or another was drawn. Draw another and
  /// capture anew.
  expired('expired', 'the challenge cannot be used any more: draw another, and capture anew'),

  /// A challenge was drawn with the web token, and the capture followed none.
  missing(
    'missing',
    'the capture followed no challenge, and one was drawn with the web token: capture anew with it',
  ),

  /// The person did not do what the challenge asked.
  notFollowed('not_followed', 'the person did not do what the challenge asked');

  /// Takes its name in the contract, and its words.
  const ChallengeFailure(this.wireName, this.text);

  /// The name in the contract.
  final String wireName;

  /// The failure in words.
  final String text;
}

/// A capture does not stand to a challenge. Nothing was submitted: the job may be tried again with another capture.
final class ChallengeException extends SelfsameException {
  /// Says why; [cause] says how, where something led to it.
  ChallengeException(this.reason, {this.challenge, Object? cause}) : super(reason.text, cause);

  /// Why.
  final ChallengeFailure reason;

  /// The challenge to follow, where it is known.
  final Challenge? challenge;

  @override
  ErrorKind get kind => ErrorKind.challenge;
}

/// The server could not be reached, the connection broke, or no answer came in time.
final class TransportException extends SelfsameException {
  /// Says which server, and what happened.
  const TransportException(super.message, [super.cause]);

  @override
  ErrorKind get kind => ErrorKind.transport;
}

/// The answer is not what the wire promises.
final class AnswerException extends SelfsameException {
  /// Says what is missing.
  const AnswerException(super.message);

  @override
  ErrorKind get kind => ErrorKind.answer;
}

/// Why an answer is not trusted.
enum DistrustReason {
  /// It is no JSON object.
  notAnObject('not_an_object'),

  /// It carries no timestamp, or no signature.
  missing('missing'),

  /// Another key signed it, or nobody.
  wrongSignature('wrong_signature'),

  /// Its timestamp cannot be read.
  unreadable('unreadable'),

  /// It is too old.
  stale('stale'),

  /// It lies in the future.
  future('future');

  /// Takes its name in the contract.
  const DistrustReason(this.wireName);

  /// The name in the contract.
  final String wireName;
}

/// An answer is not signed with the partner's key, or not freshly.
final class UntrustedException extends SelfsameException {
  /// Says why.
  const UntrustedException(this.reason, String message) : super(message);

  /// Why.
  final DistrustReason reason;

  @override
  ErrorKind get kind => ErrorKind.untrusted;
}

/// The caller cancelled. What had been sent stays sent: a job whose package had arrived ends all the same.
final class CancelledException extends SelfsameException {
  /// Takes nothing: the caller knows.
  const CancelledException() : super('cancelled by the caller');

  @override
  ErrorKind get kind => ErrorKind.cancelled;
}

/// Why nothing was captured.
enum CaptureFailure {
  /// The person closed the screen.
  dismissed('the person closed the capture screen'),

  /// The person, or the system, does not let the app use the camera.
  denied('the app may not use the camera'),

  /// The device has no such camera.
  noCamera('the device has no such camera'),

  /// The camera failed; the cause says how.
  cameraFailed('the camera failed'),

  /// The images could not be stored; the cause says how.
  notStored('the images could not be stored'),

  /// The challenge could not be drawn; the cause says why.
  noChallenge('the challenge could not be drawn'),

  /// Another capture is under way.
  busy('another capture is under way'),

  /// No navigator shows the screen.
  noHost('no navigator is there to show the camera: give SmileFlutter.navigatorKey to the app');

  /// Takes its words.
  const CaptureFailure(this.text);

  /// The failure in words.
  final String text;
}

/// Nothing was captured.
final class CaptureException extends SelfsameException {
  /// Says why; [cause] says how, where something led to it.
  CaptureException(this.reason, [Object? cause]) : super(reason.text, cause);

  /// Why.
  final CaptureFailure reason;

  @override
  ErrorKind get kind => ErrorKind.capture;
}
