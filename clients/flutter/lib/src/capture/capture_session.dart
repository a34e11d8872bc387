import 'dart:async';
import 'dart:typed_data';

import '../client/challenge.dart';
import '../client/clock.dart';
import '../client/errors.dart';
import 'capture_request.dart';
import 'prompts.dart';
import 'shutter.dart';

/// Where a capture stands.
enum CaptureStage {
  /// The camera does not run yet, or no longer.
  starting,

  /// The person may press the shutter.
  ready,

  /// Pictures are being taken.
  taking,

  /// The person looks at what was taken.
  review,

  /// It is over.
  ended,
}

/// One capture from the first look to the last picture: what the screen shows, without the screen. No face is looked
/// for; texts guide, the person presses the shutter, and the server judges.
class CaptureSession {
  /// Begins a capture. Tests put their own [clock] in.
  CaptureSession(this.request, {Clock clock = const SystemClock()}) : _clock = clock {
    // Whether anyone listens is the caller's affair: a failure must not end the app as an unhandled one.
    _outcome.future.ignore();
  }

  /// What was asked for.
  final CaptureRequest request;

  /// Called after each change.
  void Function()? onChange;

  final Clock _clock;
  final _outcome = Completer<List<Uint8List>>();
  final _kept = <Uint8List>[];
  List<Uint8List> _taken = const [];
  Shutter? _shutter;
  var _stage = CaptureStage.starting;
  var _smiling = false;

  /// What is said while a challenge is followed.
  Prompt? _prompt;
  Challenge? _challenge;

  /// The time of the last challenge was over.
  var _late = false;

  /// Where it stands.
  CaptureStage get stage => _stage;

  /// The pictures: for a selfie the selfie and its frames, for a card its front and, if asked for, its back.
  ///
  /// Ends with [CaptureException] where the person gave up or the camera failed.
  Future<List<Uint8List>> get outcome => _outcome.future;

  /// The picture to look at, during [CaptureStage.review].
  Uint8List? get taken => _taken.firstOrNull;

  /// The challenge that the pictures follow, once [outcome] has come; null without one.
  Challenge? get challenge => _challenge;

  /// Where the head is to turn now.
  HeadTurn? get turn => _stage == CaptureStage.taking ? _prompt?.turn : null;

  /// What the screen says now.
  String get hint {
    final texts = request.texts;
    return switch (_stage) {
      CaptureStage.starting => texts.starting,
      CaptureStage.review || CaptureStage.ended => texts.review,
      CaptureStage.taking when _prompt != null => _prompt!.text,
      CaptureStage.taking when _smiling => texts.nowSmile,
      CaptureStage.ready || CaptureStage.taking => switch (request) {
        SelfieRequest(drawChallenge: _?) => _late ? texts.timeUp : texts.thenTurn,
        SelfieRequest() => texts.faceInOval,
        IdCardRequest() => _kept.isEmpty ? texts.cardFront : texts.cardBack,
      },
    };
  }

  /// The camera runs: pictures can be taken with [shutter].
  void cameraReady(Shutter shutter) {
    _shutter = shutter;
    if (_stage == CaptureStage.starting) _become(CaptureStage.ready);
  }

  /// The camera rests, e.g. because the app left the screen. Pictures that were being taken are taken again.
  void cameraStopped() {
    _shutter = null;
    if (_stage == CaptureStage.ready || _stage == CaptureStage.taking) _become(CaptureStage.starting);
  }

  /// Takes the pictures that one press takes: of a selfie all, of a card one side.
  Future<void> take() async {
    final shutter = _shutter;
    if (_stage != CaptureStage.ready || shutter == null) return;
    _smiling = false;
    _prompt = null;
    _challenge = null;
    _late = false;
    _become(CaptureStage.taking);
    final taken = <Uint8List>[];
    bool interrupted() => _stage != CaptureStage.taking || !identical(_shutter, shutter);
    try {
      switch (request) {
        case SelfieRequest(:final drawChallenge?):
          if (!await _follow(drawChallenge, shutter, taken, interrupted)) return;
        case SelfieRequest(:final frames, :final pause) when frames > 0:
          taken.add(await shutter.take());
          if (interrupted()) return;
          _smiling = true;
          _become(CaptureStage.taking);
          while (taken.length <= frames) {
            await _clock.sleep(pause);
            if (interrupted()) return;
            taken.add(await shutter.take());
          }
        case SelfieRequest() || IdCardRequest():
          taken.add(await shutter.take());
      }
    } catch (cause) {
      // A camera that was let go under way may fail, and even with an error of its own: then it is no failure.
      if (interrupted()) return;
      if (cause is! Exception) rethrow;
      fail(CaptureFailure.cameraFailed, cause);
      return;
    }
    if (interrupted()) return;
    _taken = taken;
    _become(CaptureStage.review);
  }

  /// Draws a challenge, and takes the selfie and the frames while the person follows it. Gives whether all are there.
  Future<bool> _follow(
    Future<Challenge> Function() draw,
    Shutter shutter,
    List<Uint8List> taken,
    bool Function() interrupted,
  ) async {
    void say(Prompt prompt) {
      _prompt = prompt;
      _become(CaptureStage.taking);
    }

    say((text: request.texts.wait, turn: null, wait: Duration.zero));
    final Challenge challenge;
    try {
      challenge = await draw();
    } catch (cause) {
      if (!interrupted()) fail(CaptureFailure.noChallenge, cause);
      return false;
    }
    if (interrupted()) return false;
    final drawnAt = _clock.now();
    final until = drawnAt.add(challenge.life(drawnAt));
    taken.add(await shutter.take());
    for (final prompt in prompts(challenge.turns, request.texts)) {
      if (interrupted()) return false;
      say(prompt);
      await _clock.sleep(prompt.wait);
      if (interrupted()) return false;
      taken.add(await shutter.take());
      if (!_clock.now().isBefore(until)) {
        if (interrupted()) return false;
        // The person begins anew, with another challenge.
        _late = true;
        _become(CaptureStage.ready);
        return false;
      }
    }
    _challenge = challenge;
    return true;
  }

  /// Throws away what is looked at, and begins it again.
  void retake() {
    if (_stage != CaptureStage.review) return;
    _taken = const [];
    _become(_shutter == null ? CaptureStage.starting : CaptureStage.ready);
  }

  /// Keeps what is looked at. Of a card whose back is wanted, the back is next.
  void use() {
    if (_stage != CaptureStage.review) return;
    _kept.addAll(_taken);
    if (request case IdCardRequest(:final sides) when _kept.length < sides) {
      retake();
      return;
    }
    _become(CaptureStage.ended);
    _outcome.complete(List.unmodifiable(_kept));
  }

  /// The person gives up. Nothing happens where it is over already.
  void dismiss() => fail(CaptureFailure.dismissed);

  /// The capture failed. Nothing happens where it is over already.
  void fail(CaptureFailure reason, [Object? cause]) {
    if (_stage == CaptureStage.ended) return;
    _become(CaptureStage.ended);
    _outcome.completeError(CaptureException(reason, cause));
  }

  void _become(CaptureStage stage) {
    _stage = stage;
    onChange?.call();
  }
}
