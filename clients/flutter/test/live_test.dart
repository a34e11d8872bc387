// The whole story against the real server: SELFSAME_BIN names it.
import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'package:selfsame_flutter/client.dart';
import 'package:selfsame_flutter/src/mobile_calls.dart';
import 'package:test/test.dart';

import 'support/scratch.dart';

final binary = Platform.environment['SELFSAME_BIN'] ?? '../../target/debug/selfsame';

/// What the server's command line answers: a JSON object a line.
List<Map<String, dynamic>> selfsame(List<String> arguments) {
  final done = Process.runSync(binary, ['--json', ...arguments]);
  if (done.exitCode != 0) throw StateError('selfsame ${arguments.first}: ${done.stderr}');
  return [for (final line in LineSplitter.split('${done.stdout}')) jsonDecode(line) as Map<String, dynamic>];
}

/// The fetched photographs by name: obama, obama2, biden.
Map<String, File> photographs() => {
  for (final artefact in selfsame(['models', 'list']))
    if ('${artefact['path']}'.endsWith('.jpg')) '${artefact['name']}': File('${artefact['path']}'),
};

/// Why the real server cannot be used here, or false. Throws where the test command demands what it installed.
Object whyNot() {
  final why = missing(), demanded = Platform.environment['SELFSAME_REQUIRE_MODELS'] ?? '';
  if (why != false && !['', '0'].contains(demanded)) throw StateError('$why; SELFSAME_REQUIRE_MODELS demands it');
  return why;
}

Object missing() {
  if (!File(binary).existsSync()) return 'no server at $binary';
  final photos = photographs().values;
  return photos.isNotEmpty && photos.every((photo) => photo.existsSync()) ? false : 'the models were not fetched';
}

/// A server with one partner on a data folder of its own. Gives its URL and the sandbox's API key.
Future<(String, String)> realServer() async {
  final data = await Directory.systemTemp.createTemp('selfsame-flutter-live');
  addTearDown(() => data.delete(recursive: true));
  final partner = selfsame(['partner', '--data', data.path, 'add', '--id', '2343']).single;
  final server = await Process.start(
    binary,
    // Models that are prepared when needed are so within the first job's analysis: a slow machine takes more than 30 s.
    ['--json', 'serve', '--data', data.path, '--listen', '127.0.0.1:0', '--analysis-timeout', '300'],
    environment: {'SELFSAME_LOG': 'error'},
  );
  addTearDown(() async {
    server.kill();
    await server.exitCode;
  });
  final lines = server.stdout.transform(utf8.decoder).transform(const LineSplitter());
  final first = jsonDecode(await lines.first) as Map<String, dynamic>;
  return (first['http'] as String, partner['sandbox_api_key'] as String);
}

void main() {
  final skip = whyNot();

  test('register, log in, refuse another face, over HTTP against the real server', skip: skip, () async {
    final (url, apiKey) = await realServer();
    final (captures, _) = await scratchCaptures();
    final calls = MobileCalls(captures, (_) => fail('nothing is captured here'))
      ..configure(Connection(server: url, partnerId: '2343', auth: ApiKeyAuth(sandbox: apiKey)));
    final photos = photographs();
    Future<JobStatus> submit(String photo, int jobType) async {
      final Uint8List bytes = await photos[photo]!.readAsBytes();
      // Without frames: the server takes repeated pictures for a spoof, as it should. The sandbox does not want them.
      await captures.keepSelfie('login', bytes);
      final geo = const GeoInfo(latitude: 6.5, longitude: 3.25, isGeoPermissionGranted: true).toJson();
      return calls.submitJob('login', jobType, false, {'user_id': 'ada', 'note': 'é'}, {}, geo, '', 0);
    }

    final enrolled = await submit('obama', JobType.smartSelfieRegistration);
    expect(enrolled.resultCode, '0840', reason: '$enrolled');
    expect((enrolled.partnerParams! as Map<String, dynamic>)['note'], 'é');
    expect(await captures.read('login'), isNull);
    final same = await submit('obama2', JobType.smartSelfieAuthentication);
    expect(same.resultCode, '0820', reason: '$same');
    expect([same.jobComplete, same.jobSuccess, same.isFinalResult], [true, true, true]);
    expect(same.confidenceValue! > 50, isTrue);
    final other = await submit('biden', JobType.smartSelfieAuthentication);
    expect(other.resultCode, '0821', reason: '$other');
    expect(other.action('Selfie_To_Registered_Selfie_Compare'), 'Failed');
  });

  test('a web token submits one job, and the partner’s service relays its status', skip: skip, () async {
    final (url, apiKey) = await realServer();
    final (captures, _) = await scratchCaptures();
    final service = Client(Connection(server: url, partnerId: '2343', auth: ApiKeyAuth(sandbox: apiKey)), captures);
    final asked = <JobNames>[];
    final auth = WebTokenAuth(
      webToken: (job) {
        asked.add(job);
        // The service names its own user and job, whatever the app asks for.
        return service.webToken('grace é', 'login-7', isProduction: false, product: 'smartselfie');
      },
      jobStatus: (job) => service.jobStatus(job.userId, job.jobId, isProduction: job.isProduction),
    );
    await captures.keepSelfie('login', await photographs()['obama']!.readAsBytes());
    final app = Client(Connection(server: url, partnerId: '2343', auth: auth), captures);
    final status = await app.submitJob('login', JobType.smartSelfieRegistration, false);
    expect(status.resultCode, '0840', reason: '$status');
    final params = status.partnerParams! as Map<String, dynamic>;
    expect([params['user_id'], params['job_id']], ['grace é', 'login-7']);
    expect(asked.single.userId == 'grace é', isFalse);
  });

  test('a challenge is drawn, judged and used once', skip: skip, () async {
    final (url, apiKey) = await realServer();
    final (captures, _) = await scratchCaptures();
    final client = Client(Connection(server: url, partnerId: '2343', auth: ApiKeyAuth(sandbox: apiKey)), captures);
    final photo = await photographs()['obama']!.readAsBytes();
    final challenge = await client.drawChallenge(
      'ada',
      isProduction: false,
      jobType: JobType.smartSelfieRegistration,
    );
    Future<JobStatus> submit() async {
      await captures.keepSelfie('login', photo, [photo, photo], challenge);
      return client.submitJob('login', JobType.smartSelfieRegistration, false, {'user_id': 'ada'});
    }

    final status = await submit();
    expect(status.challengeFailure, ChallengeFailure.notFollowed, reason: '$status');
    await expectLater(submit(), throwsA(isA<ChallengeException>()));
  });

  test('errors keep their codes', skip: skip, () async {
    final (url, apiKey) = await realServer();
    final (captures, _) = await scratchCaptures();
    await captures.keepSelfie('login', await photographs()['obama']!.readAsBytes());
    Future<JobStatus> submit(String key, int jobType) => Client(
      Connection(server: url, partnerId: '2343', auth: ApiKeyAuth(sandbox: key)),
      captures,
    ).submitJob('login', jobType, false, {'user_id': 'nobody'});
    Matcher refused(String code) => throwsA(isA<RefusedException>().having((error) => error.code, 'code', code));
    await expectLater(submit(apiKey, JobType.smartSelfieAuthentication), refused('2210'));
    await expectLater(submit(apiKey, 3), refused('2212'));
    await expectLater(submit('wrong', JobType.smartSelfieRegistration), refused('2205'));
  });
}
