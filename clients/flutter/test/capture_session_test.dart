// What the capture screen does, without the screen.
import 'package:selfsame_flutter/selfsame_flutter.dart';
import 'package:selfsame_flutter/src/capture/capture_request.dart';
import 'package:selfsame_flutter/src/capture/capture_session.dart';
import 'package:test/test.dart';

import 'support/challenges.dart';
import 'support/fake_camera.dart';
import 'support/vectors.dart';

const texts = CaptureTexts();

CaptureSession selfie([SelfieOptions options = const SelfieOptions()]) =>
    CaptureSession(SelfieRequest(options), clock: TurnedClock());

CaptureSession card([IdCardOptions options = const IdCardOptions()]) =>
    CaptureSession(IdCardRequest(options), clock: TurnedClock());

Future<List<int>> numbers(CaptureSession session) async => [for (final picture in await session.outcome) picture.last];

TypeMatcher<CaptureException> failure(CaptureFailure reason) =>
    isA<CaptureException>().having((error) => error.reason, 'reason', reason);

void main() {
  test('one selfie, and eight frames 250 ms apart while the person is asked to smile', () async {
    final clock = TurnedClock();
    final session = CaptureSession(SelfieRequest(const SelfieOptions()), clock: clock);
    final hints = <String>[session.hint];
    session.onChange = () => hints.add(session.hint);
    final at = <int>[];
    final shutter = FakeShutter()..onTake = (_) => at.add(clock.elapsed);
    session.cameraReady(shutter);
    await session.take();
    expect(session.stage, CaptureStage.review);
    expect(session.taken?.last, 1);
    session.use();
    expect(await numbers(session), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(at, [0, 250, 500, 750, 1000, 1250, 1500, 1750, 2000]);
    expect(hints, [
      texts.starting, texts.faceInOval, texts.faceInOval, texts.nowSmile, texts.review, texts.review, //
    ]);
  });

  test('a retake replaces all of it', () async {
    final session = selfie(const SelfieOptions(frames: 1))..cameraReady(FakeShutter());
    await session.take();
    session.retake();
    expect([session.stage, session.taken], [CaptureStage.ready, null]);
    await session.take();
    session.use();
    expect(await numbers(session), [3, 4]);
  });

  test('a card’s front, then its back', () async {
    final session = card()..cameraReady(FakeShutter());
    expect(session.hint, texts.cardFront);
    await session.take();
    session.use();
    expect(session.hint, texts.cardBack);
    await session.take();
    session.use();
    expect(await numbers(session), [1, 2]);
  });

  test('a card’s front alone, and a selfie without frames', () async {
    for (final session in [card(const IdCardOptions(back: false)), selfie(const SelfieOptions(frames: 0))]) {
      session.cameraReady(FakeShutter());
      await session.take();
      session.use();
      expect(await numbers(session), [1]);
    }
  });

  test('nothing happens out of turn', () async {
    final session = selfie();
    await session.take();
    session
      ..use()
      ..retake();
    expect(session.stage, CaptureStage.starting);
    final shutter = FakeShutter();
    session.cameraReady(shutter);
    // A second press while pictures are taken.
    await Future.wait([session.take(), session.take()]);
    expect(shutter.taken, 9);
    session.use();
    session.dismiss();
    expect((await session.outcome).length, 9);
  });

  test('a camera that fails ends the capture, and says how', () async {
    final session = selfie()..cameraReady(FakeShutter(failsAt: 4));
    await session.take();
    expect(session.stage, CaptureStage.ended);
    await expectLater(
      session.outcome,
      throwsA(failure(CaptureFailure.cameraFailed).having((error) => error.cause, 'cause', isA<FormatException>())),
    );
  });

  test('the person gives up', () async {
    final session = selfie()..cameraReady(FakeShutter());
    session.dismiss();
    await expectLater(session.outcome, throwsA(failure(CaptureFailure.dismissed)));
    session
      ..cameraReady(FakeShutter())
      ..use();
    expect(session.stage, CaptureStage.ended);
  });

  test('the app leaves the screen while frames are taken: they are taken again from the first', () async {
    final session = selfie(const SelfieOptions(frames: 2));
    final first = FakeShutter(failsAt: 3);
    first.onTake = (number) {
      if (number == 2) session.cameraStopped();
    };
    session.cameraReady(first);
    await session.take();
    expect([session.stage, first.taken], [CaptureStage.starting, 2]);
    final second = FakeShutter();
    session.cameraReady(second);
    await session.take();
    session.use();
    expect(await numbers(session), [1, 2, 3]);
  });

  test('a camera that was let go may even break: the capture goes on', () async {
    final session = selfie();
    final broken = FakeShutter();
    broken.onTake = (_) {
      session.cameraStopped();
      throw StateError('used after being disposed');
    };
    session.cameraReady(broken);
    await session.take();
    expect(session.stage, CaptureStage.starting);
  });

  test('the app leaves the screen during the review: what was taken stays', () async {
    final session = selfie(const SelfieOptions(frames: 0))..cameraReady(FakeShutter());
    await session.take();
    session.cameraStopped();
    expect(session.stage, CaptureStage.review);
    session.retake();
    expect(session.stage, CaptureStage.starting);
  });

  test('more frames than the server takes are refused', () {
    for (final frames in [-1, 25]) {
      expect(() => SelfieRequest(SelfieOptions(frames: frames)), throwsA(isA<ArgumentException>()));
    }
  });

  test('a challenge is told turn by turn, and its frames are taken in order', () async {
    final clock = TurnedClock();
    final drawn = <int>[];
    final options = SelfieOptions(
      drawChallenge: () async {
        drawn.add(clock.elapsed);
        return challenge('chl_a', ['left', 'up']);
      },
    );
    final session = CaptureSession(SelfieRequest(options), clock: clock);
    final said = <(String, HeadTurn?)>[];
    session.onChange = () => said.add((session.hint, session.turn));
    final shutter = FakeShutter();
    session.cameraReady(shutter);
    expect(session.hint, texts.thenTurn);
    expect(drawn, <int>[], reason: 'a challenge lives for a short while');
    await session.take();
    expect(session.stage, CaptureStage.review);
    session.use();
    expect(await numbers(session), [for (var at = 1; at <= 11; at += 1) at]);
    expect(session.challenge?.id, 'chl_a');
    expect(clock.elapsed < 10_000, isTrue);
    expect(said, [
      (texts.thenTurn, null), (texts.thenTurn, null), (texts.wait, null), //
      (texts.holdStill, null), (texts.holdStill, null),
      (texts.turnLeft, HeadTurn.left), (texts.turnLeft, HeadTurn.left), (texts.holdStill, HeadTurn.left),
      (texts.lookStraight, null),
      (texts.turnUp, HeadTurn.up), (texts.turnUp, HeadTurn.up), (texts.holdStill, HeadTurn.up),
      (texts.lookStraight, null),
      (texts.review, null), (texts.review, null),
    ]);
  });

  test('the longest challenge has no more frames than the server takes', () async {
    final options = SelfieOptions(drawChallenge: () async => challenge('chl_a', ['left', 'up', 'right', 'left']));
    final session = selfie(options)..cameraReady(FakeShutter());
    await session.take();
    session.use();
    expect((await session.outcome).length, 19);
  });

  test('who is too slow begins anew, with another challenge', () async {
    final list = [challenge('chl_short', ['left'], seconds: 2), challenge('chl_long', ['right'])];
    final session = selfie(SelfieOptions(drawChallenge: () async => list.removeAt(0)))..cameraReady(FakeShutter());
    await session.take();
    expect([session.stage, session.hint, session.challenge], [CaptureStage.ready, texts.timeUp, null]);
    await session.take();
    session.use();
    expect([(await session.outcome).length, session.challenge?.id], [7, 'chl_long']);
  });

  test('a challenge that cannot be drawn ends the capture, and says how', () async {
    final session = selfie(SelfieOptions(drawChallenge: () async => throw const FormatException('no network')))
      ..cameraReady(FakeShutter());
    await session.take();
    await expectLater(
      session.outcome,
      throwsA(failure(CaptureFailure.noChallenge).having((error) => error.cause, 'cause', isA<FormatException>())),
    );
  });

  test('the app leaves the screen during a challenge: it begins anew with another', () async {
    var drawn = 0;
    final session = selfie(SelfieOptions(drawChallenge: () async => challenge('chl_${drawn += 1}', ['up'])));
    final first = FakeShutter();
    first.onTake = (number) {
      if (number == 4) session.cameraStopped();
    };
    session.cameraReady(first);
    await session.take();
    expect([session.stage, session.turn, first.taken], [CaptureStage.starting, null, 4]);
    session.cameraReady(FakeShutter());
    await session.take();
    session.use();
    expect([(await session.outcome).length, session.challenge?.id], [7, 'chl_2']);
  });

  test('texts are replaced', () {
    final session = selfie(const SelfieOptions(texts: CaptureTexts(starting: 'La caméra démarre…')));
    expect(session.hint, 'La caméra démarre…');
  });
}
