// The mobile calls, with a person and a camera that stand in.
import 'dart:io';

import 'package:selfsame_flutter/selfsame_flutter.dart';
import 'package:selfsame_flutter/src/capture/capture_session.dart';
import 'package:selfsame_flutter/src/mobile_calls.dart';
import 'package:test/test.dart';

import 'support/fake_camera.dart';
import 'support/scratch.dart';

/// A person who takes what is asked for, and keeps it.
void willing(CaptureSession session) {
  session.cameraReady(FakeShutter());
  session.onChange = () {
    if (session.stage == CaptureStage.ready) session.take();
    if (session.stage == CaptureStage.review) session.use();
  };
  session.take();
}

const quick = SelfieOptions(frames: 2, framePause: Duration.zero);

TypeMatcher<CaptureException> failure(CaptureFailure reason) =>
    isA<CaptureException>().having((error) => error.reason, 'reason', reason);

void main() {
  test('a selfie and a card under one tag', () async {
    final (captures, _) = await scratchCaptures();
    final calls = MobileCalls(captures, willing);
    final captured = await calls.captureSelfie('login', quick);
    expect(captured.tag, 'login');
    // As the public plugin tells it.
    expect([captured['SID_RESULT_CODE'], captured['SID_RESULT_TAG']], [-1, 'login']);
    await calls.captureIdCard('login', const IdCardOptions());
    final kept = (await captures.read('login'))!;
    expect([kept.selfie.last, ...kept.frames.map((frame) => frame.last)], [1, 2, 3]);
    expect([kept.idCardFront?.last, kept.idCardBack?.last], [1, 2]);
  });

  test('no tag makes one, each time another', () async {
    final (captures, _) = await scratchCaptures();
    final calls = MobileCalls(captures, willing);
    final first = await calls.captureSelfie('', quick), second = await calls.captureSelfie('', quick);
    expect(RegExp(r'^capture-[0-9a-f]{32}$').hasMatch(first.tag), isTrue);
    expect(first.tag == second.tag, isFalse);
    expect((await captures.read(first.tag))?.frames.length, 2);
  });

  test('one capture at a time; the next begins when it is over', () async {
    final (captures, _) = await scratchCaptures();
    final shown = <CaptureSession>[];
    final calls = MobileCalls(captures, shown.add);
    final first = calls.captureSelfie('a', quick);
    await expectLater(calls.captureSelfie('b', quick), throwsA(failure(CaptureFailure.busy)));
    shown.single.dismiss();
    await expectLater(first, throwsA(failure(CaptureFailure.dismissed)));
    expect(await captures.read('a'), isNull);
    final next = calls.captureSelfie('a', quick);
    willing(shown.last);
    expect((await next).tag, 'a');
  });

  test('no navigator, no capture, and the next may still succeed', () async {
    final (captures, _) = await scratchCaptures();
    var there = false;
    final calls = MobileCalls(captures, (session) {
      if (!there) throw CaptureException(CaptureFailure.noHost);
      willing(session);
    });
    await expectLater(calls.captureSelfie('a', quick), throwsA(failure(CaptureFailure.noHost)));
    there = true;
    expect((await calls.captureSelfie('a', quick)).tag, 'a');
  });

  test('a disk that takes nothing is told', () async {
    final file = await File('${Directory.systemTemp.path}/selfsame-flutter-$pid-no-folder').create();
    addTearDown(file.delete);
    final calls = MobileCalls(FileCaptures(() async => Directory(file.path)), willing);
    await expectLater(calls.captureSelfie('a', quick), throwsA(failure(CaptureFailure.notStored)));
  });

  test('a server is wanted before a job', () async {
    final (captures, _) = await scratchCaptures();
    final calls = MobileCalls(captures, willing);
    await expectLater(calls.submitJob('a', 2, false), throwsA(isA<ArgumentException>()));
  });

  test('a server’s URL that is none, is refused', () {
    final none = ['', 'faces.example.com', 'ftp://faces.example.com', 'https://', 'https://a?b', 'https://a#b'];
    for (final server in none) {
      Connection make() => Connection(server: server, partnerId: '2343', auth: const ApiKeyAuth(sandbox: 'key'));
      expect(make, throwsA(isA<ArgumentException>()), reason: server);
    }
  });

  test('the version is the package’s', () {
    final pubspec = File('pubspec.yaml').readAsStringSync();
    final source = File('lib/src/client/version.dart').readAsStringSync();
    final version = RegExp(r'^version: (.+)$', multiLine: true).firstMatch(pubspec)!.group(1);
    expect(source.contains("version = '$version'"), isTrue);
    expect(File('CHANGELOG.md').readAsStringSync().contains('## $version\n'), isTrue);
  });
}
