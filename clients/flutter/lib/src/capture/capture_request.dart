import '../client/challenge.dart';
import '../client/errors.dart';
import 'capture_texts.dart';

/// How a selfie is captured.
class SelfieOptions {
  /// As a SmartSelfie is, unless it is told otherwise.
  const SelfieOptions({
    this.frames = 8,
    this.framePause = const Duration(milliseconds: 250),
    this.drawChallenge,
    this.texts = const CaptureTexts(),
  });

  /// Frames taken while the person begins to smile, 0 to 24.
  final int frames;

  /// Pause between two frames; the time that the camera itself needs for a picture comes on top.
  final Duration framePause;

  /// Gets a challenge that the server drew, e.g. by `SmileFlutter.drawChallenge`: the person is told its turns, each in
  /// time for its frames, of which there are then two and four more for each turn. Called when the person has pressed
  /// the button, and again where the time of one is over.
  final Future<Challenge> Function()? drawChallenge;

  /// What the screen says.
  final CaptureTexts texts;
}

/// How an ID card is captured.
class IdCardOptions {
  /// Both sides, unless it is told otherwise.
  const IdCardOptions({this.back = true, this.texts = const CaptureTexts()});

  /// Whether the back is captured, too.
  final bool back;

  /// What the screen says.
  final CaptureTexts texts;
}

/// What the capture screen is asked for.
sealed class CaptureRequest {
  /// Takes what every request has.
  const CaptureRequest(this.texts);

  /// What the screen says.
  final CaptureTexts texts;
}

/// A selfie with its frames.
final class SelfieRequest extends CaptureRequest {
  /// Throws [ArgumentException] where there are too many frames.
  SelfieRequest(SelfieOptions options)
    : frames = options.frames,
      pause = options.framePause,
      drawChallenge = options.drawChallenge,
      super(options.texts) {
    // What the server takes beside the selfie, with room for a card's two sides.
    if (frames < 0 || frames > 24) throw const ArgumentException('frames must be 0 to 24');
  }

  /// Frames after the selfie.
  final int frames;

  /// Pause before each of them.
  final Duration pause;

  /// Draws the challenge to follow; null where none is asked for.
  final Future<Challenge> Function()? drawChallenge;
}

/// An ID card's sides.
final class IdCardRequest extends CaptureRequest {
  /// Takes what the caller asked for.
  IdCardRequest(IdCardOptions options) : sides = options.back ? 2 : 1, super(options.texts);

  /// One for the front, two for both.
  final int sides;
}
