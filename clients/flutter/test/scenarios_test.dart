// The contract's errors and scenarios, through the mobile calls, real files and real HTTP: see conformance/README.md.
import 'dart:io';
import 'dart:typed_data';

import 'package:selfsame_flutter/client.dart';
import 'package:selfsame_flutter/src/mobile_calls.dart';
import 'package:test/test.dart';

import 'support/scripted_server.dart';
import 'support/vectors.dart';

final selfie = Uint8List.fromList([0xff, 0xd8, 0xff, 0xe0, 1]);

/// Arguments of another type than the call's: Dart's compiler refuses them, and a dynamic call ends with a TypeError.
const refusedByTheCompiler = {
  'partner parameters that are no object',
  'ID information that is no object',
  'geo information that is no object',
};

void main() {
  for (final dynamic v in vectors('errors')) {
    test('errors: ${v['name']}', () async {
      final scenario = <String, dynamic>{
        'partner_id': '2343',
        'auth': {'api_key': 'key-1'},
        'call': (vectors('scenarios') as List<dynamic>).first['call'],
        'script': {
          'upload': [v['answer']],
          'package': <Object?>[],
          'job_status': <Object?>[],
        },
      };
      final run = await Run.of(scenario);
      final dynamic expected = v['expect'];
      run.expectError(expected);
      if (run.error case final RefusedException refused) {
        expect(refused.retryable, expected['retryable']);
        expect(refused.retryAfter?.inMilliseconds, expected['retry_after_millis']);
      }
    });
  }

  var refusals = 0;
  for (final dynamic v in vectors('scenarios')) {
    final name = v['name'] as String;
    test('scenario: $name', () async {
      final run = await Run.of(v as Map<String, dynamic>);
      final dynamic expected = v['expect'];
      if (refusedByTheCompiler.contains(name)) {
        refusals += 1;
        expect(expected['error']['kind'], 'argument');
        expect(run.error, isA<TypeError>());
      } else if (expected['error'] != null) {
        run.expectError(expected['error']);
      } else {
        expect(run.error, isNull);
        expect(differences(run.status!.contract, expected['status'], 'status'), equals(<String>[]));
      }
      expect(run.server.count('upload'), expected['uploads']);
      expect(run.server.count('package'), expected['packages']);
      if (expected['asked_at_millis'] != null) expect(run.server.times, expected['asked_at_millis']);
      (expected['sent'] as Map<String, dynamic>).forEach((kind, Object? sent) {
        expect(differences(run.server.last(kind), sent, kind), equals(<String>[]));
      });
      // Deleted once the server has it, and no sooner.
      final delivered = run.status != null || run.server.count('job_status') > 0;
      expect(await run.captures.read('login') == null, delivered);
    });
  }

  test('what the compiler refuses is still in the contract', () => expect(refusals, refusedByTheCompiler.length));
}

extension on JobStatus {
  JsonObject get contract => {'job_complete': jobComplete, 'job_success': jobSuccess, 'result_code': resultCode};
}

/// One submission against a scripted server, and what came of it.
class Run {
  Run._(this.server, this.captures);

  final ScriptedServer server;
  final FileCaptures captures;
  JobStatus? status;
  Object? error;

  static Future<Run> of(Map<String, dynamic> scenario) async {
    final clock = TurnedClock();
    final partnerId = scenario['partner_id'] as String;
    final auth = scenario['auth'] as Map<String, dynamic>;
    final apiKey = auth['api_key'] as String?, token = auth['web_token'] as String?;
    final server = await ScriptedServer.start(scenario['script'] as Map<String, dynamic>, clock, partnerId, apiKey);
    addTearDown(server.close);
    final folder = await Directory.systemTemp.createTemp('selfsame-flutter-scenario');
    addTearDown(() => folder.delete(recursive: true));
    final captures = FileCaptures(() async => folder);
    await captures.keepSelfie('login', selfie, const [], Challenge.read(scenario['challenge']));
    final calls = MobileCalls(captures, (_) => fail('nothing is captured here'));
    calls.configure(
      Connection(
        server: server.url,
        partnerId: partnerId,
        auth: token == null ? ApiKeyAuth(sandbox: apiKey, production: apiKey) : WebTokenAuth(webToken: (_) => token),
        clock: clock,
      ),
    );
    final run = Run._(server, captures);
    try {
      // The arguments in the mobile call's order, which is the vectors' order.
      final arguments = (scenario['call'] as Map<String, dynamic>).values.toList();
      run.status = await (Function.apply(calls.submitJob, arguments) as Future<JobStatus>);
    } catch (error) {
      run.error = error;
    }
    return run;
  }

  void expectError(dynamic expected) {
    expect(error, isA<SelfsameException>());
    expect((error! as SelfsameException).kind.wireName, expected['kind']);
    if (error case ChallengeException(:final reason)) expect(reason.wireName, expected['reason']);
    if (error case RefusedException(:final httpStatus, :final code, :final serverMessage)) {
      expect([httpStatus, code, serverMessage], [expected['http_status'], expected['code'], expected['message']]);
    }
  }
}
