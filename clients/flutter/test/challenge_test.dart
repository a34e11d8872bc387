// Challenges: who draws them, and which web token goes with a capture.
import 'dart:typed_data';

import 'package:selfsame_flutter/client.dart';
import 'package:test/test.dart';

import 'support/challenges.dart';
import 'support/scratch.dart';
import 'support/scripted_server.dart';
import 'support/vectors.dart';

final selfie = Uint8List.fromList([0xff, 0xd8, 0xff, 0xe0, 1]);
final dynamic subject = vectors('challenges');
final drawn = Challenge.read(subject['draw'][0]['expect'])!;
final withChallenge = subject['claims'][0]['token'] as String;
final withoutChallenge = subject['claims'][1]['token'] as String;

Map<String, dynamic> answer(Challenge challenge) => {
  'status': 200,
  'body': {'challenge': challenge.toJson()},
};

/// A client of a scripted server, with the tokens that its partner's service gives, one after another.
class Scene {
  Scene._(this.client, this.server, this.captures);

  final Client client;
  final ScriptedServer server;
  final FileCaptures captures;

  /// How often a token was asked for.
  var asked = 0;

  static Future<Scene> of({
    List<Map<String, dynamic>> answers = const [],
    List<String>? tokens,
    Object? package,
  }) async {
    final clock = TurnedClock();
    final script = {
      ...(vectors('scenarios') as List<dynamic>).first['script'] as Map<String, dynamic>,
      'challenge': answers,
      if (package != null) 'package': package,
    };
    final server = await ScriptedServer.start(script, clock, '2343', 'key-1');
    addTearDown(server.close);
    final (captures, _) = await scratchCaptures();
    late final Scene scene;
    final auth =
        tokens == null
            ? const ApiKeyAuth(sandbox: 'key-1', production: 'key-1')
            : WebTokenAuth(webToken: (_) => tokens[scene.asked < tokens.length ? scene.asked++ : tokens.length - 1]);
    final connection = Connection(server: server.url, partnerId: '2343', auth: auth, clock: clock);
    return scene = Scene._(Client(connection, captures), server, captures);
  }

  Future<void> keep([Challenge? challenge]) => captures.keepSelfie('login', selfie, [selfie], challenge);

  Map<String, dynamic> get upload => server.last('upload');
}

void main() {
  for (final dynamic v in subject['draw']) {
    test('draw: ${v['name']}', () async {
      final scene = await Scene.of(answers: [v['answer'] as Map<String, dynamic>]);
      try {
        final challenge = await scene.client.drawChallenge('ada', isProduction: false);
        expect(challenge.toJson(), v['expect']);
      } on SelfsameException catch (error) {
        expect(error.kind.wireName, v['error']['kind']);
      }
      expect(scene.server.count('challenge'), 1);
    });
  }

  test('with the API key the server draws one, for a user', () async {
    final scene = await Scene.of(answers: [answer(drawn)]);
    await scene.client.drawChallenge('ada', isProduction: true, jobId: 'j-1', jobType: 4);
    final body = scene.server.last('challenge');
    expect(
      [body['path'], body['partner_id'], body['user_id'], body['job_id'], body['job_type']],
      ['/production/v1/challenge', '2343', 'ada', 'j-1', 4],
    );
    expect(body['signature'], isA<String>());
    await expectLater(scene.client.drawChallenge('', isProduction: true), throwsA(isA<ArgumentException>()));
  });

  test('the challenge of a web token is the one, and the job comes with the same token', () async {
    final scene = await Scene.of(tokens: [withChallenge, withoutChallenge]);
    final challenge = await scene.client.drawChallenge('', isProduction: false);
    expect(challenge.toJson(), drawn.toJson());
    await scene.keep(challenge);
    await scene.client.submitJob('login', 2, false);
    expect([scene.upload['token'], scene.upload['challenge_id'], scene.asked], [withChallenge, drawn.id, 1]);
    expect(scene.server.count('challenge'), 0);
  });

  test('a token’s challenge is given out once: whoever draws again has another drawn, for the same token', () async {
    final scene = await Scene.of(answers: [answer(challenge('chl_other', ['up']))], tokens: [withChallenge]);
    await scene.client.drawChallenge('', isProduction: false);
    final other = await scene.client.drawChallenge('', isProduction: false);
    expect(scene.server.last('challenge'), {'path': '/sandbox/v1/challenge', 'token': withChallenge});
    await scene.keep(other);
    await scene.client.submitJob('login', 2, false);
    expect([scene.upload['token'], scene.upload['challenge_id']], [withChallenge, 'chl_other']);
  });

  test('a token that turns out to want a challenge says which, and serves the next capture', () async {
    final scene = await Scene.of(tokens: [withChallenge, withoutChallenge]);
    await scene.keep();
    try {
      await scene.client.submitJob('login', 2, false);
      fail('it was submitted');
    } on ChallengeException catch (error) {
      expect([error.reason, error.challenge?.id], [ChallengeFailure.missing, drawn.id]);
      await scene.keep(error.challenge);
    }
    expect(scene.server.count('upload'), 0);
    await scene.client.submitJob('login', 2, false);
    expect([scene.upload['token'], scene.asked], [withChallenge, 1]);
  });

  test('a challenge that ends before the images have come is told, and the job may be tried again', () async {
    final package = [
      {
        'status': 410,
        'body': {'error': 'expired', 'code': '2205'},
      },
      {'status': 200, 'body': <String, dynamic>{}},
    ];
    final scene = await Scene.of(package: package);
    const names = {'user_id': 'ada', 'job_id': 'j-1'};
    await scene.keep(drawn);
    await expectLater(scene.client.submitJob('login', 2, false, names), throwsA(isA<ChallengeException>()));
    expect(scene.upload['retry'], isNull);
    await scene.keep(challenge('chl_next', ['up']));
    await scene.client.submitJob('login', 2, false, names);
    expect([scene.upload['retry'], scene.upload['challenge_id']], [true, 'chl_next']);
  });

  test('a capture without a challenge replaces one with', () async {
    final scene = await Scene.of();
    await scene.keep(drawn);
    expect((await scene.captures.read('login'))?.challenge?.toJson(), drawn.toJson());
    await scene.keep();
    expect((await scene.captures.read('login'))?.challenge, isNull);
  });

  test('how long it lives does not hang on the clock of the device', () {
    final end = DateTime.parse(drawn.expiresAt);
    const usual = Duration(minutes: 2);
    expect(drawn.life(end.add(const Duration(hours: 1))), usual);
    final silent = Challenge.read({...drawn.toJson()}..remove('seconds'))!;
    expect(silent.life(end.subtract(const Duration(seconds: 30))), const Duration(seconds: 30));
    expect(silent.life(end), usual);
    expect(silent.life(end.subtract(const Duration(hours: 1))), usual);
  });
}
