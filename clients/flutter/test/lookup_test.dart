// Looking identities up, by the contract's vectors: see conformance/README.md; and what job type 1 takes along.
import 'dart:typed_data';

import 'package:selfsame_flutter/client.dart';
import 'package:test/test.dart';

import 'conformance_test.dart' show ofResult;
import 'support/scratch.dart';
import 'support/scripted_server.dart';
import 'support/vectors.dart';

final selfie = Uint8List.fromList([0xff, 0xd8, 0xff, 0xe0, 1]);

void main() {
  for (final dynamic v in vectors('lookups')) {
    test('lookup: ${v['name']}', () async {
      final method = v['method'] as String, expected = v['expect'] as Map<String, dynamic>;
      final script = {
        method: [if (v['answer'] != null) v['answer']],
      };
      final (client, server, _) = await scene(script, v['auth'] as Map<String, dynamic>);
      final call = v['call'] as Map<String, dynamic>;
      final asked = ask(client.lookup(isProduction: call['is_production'] as bool), method, call);
      if (expected['error'] case final Map<String, dynamic> wanted) {
        expectError(await asked.then<Object?>((_) => null, onError: (Object error) => error), wanted);
      } else {
        expectFound(await asked, expected);
      }
      expect(server.count(method), expected['asked']);
      if (expected['asked'] == 0) return;
      expect(differences(server.last(method), expected['sent'], method), equals(<String>[]));
    });
  }

  test('job type 1: a card will do in place of a number, and consent goes along', () async {
    final script = (vectors('scenarios') as List<dynamic>).first['script'] as Map<String, dynamic>;
    final (client, server, captures) = await scene(script, const {'api_key': 'key-1'});
    await captures.keepSelfie('login', selfie, const []);
    await captures.keepIdCard('login', selfie, null);
    final at = DateTime.utc(2026, 1, 31, 12);
    final consent = ConsentInformation(grantedAt: at, personalDetails: true).toJson();
    final idInfo = const IdInfo(entered: false, firstName: 'Joe', more: {'operator': 'x'}).toJson();
    final options = SubmitOptions(consentInformation: consent);
    await client.submitJob('login', JobType.biometricKyc, false, {}, idInfo, {}, '', 0, options);
    final info = server.last('info_json');
    expect(info['id_info'], {'operator': 'x', 'entered': 'false', 'first_name': 'Joe'});
    expect(info['consent_information'], consent);
  });

  test('nothing of the person is printed', () {
    const secret = '99887766554';
    const idInfo = IdInfo(country: 'NG', idType: 'NIN', idNumber: secret, firstName: 'Ngozi');
    expect('$idInfo', 'IdInfo(country, id_type, id_number, first_name)');
  });
}

/// A client of a scripted server.
Future<(Client, ScriptedServer, FileCaptures)> scene(Map<String, dynamic> script, Map<String, dynamic> auth) async {
  final clock = TurnedClock();
  final apiKey = auth['api_key'] as String?, token = auth['web_token'] as String?;
  final server = await ScriptedServer.start(script, clock, '2343', apiKey);
  addTearDown(server.close);
  final (captures, _) = await scratchCaptures();
  final connection = Connection(
    server: server.url,
    partnerId: '2343',
    auth: token == null ? ApiKeyAuth(sandbox: apiKey, production: apiKey) : WebTokenAuth(webToken: (_) => token),
    clock: clock,
  );
  return (Client(connection, captures), server, captures);
}

Future<Object> ask(Lookup lookup, String method, Map<String, dynamic> call) async {
  final params = call['partner_params'] as JsonObject, idInfo = call['id_info'] as JsonObject;
  final consent = call['consent_information'] as JsonObject?;
  return switch (method) {
    'id_verification' => await lookup.idVerification(params, idInfo, consentInformation: consent),
    'verify' => await lookup.verify(params, idInfo, consentInformation: consent),
    'async_id_verification' => await lookup.asyncIdVerification(
      params,
      idInfo,
      call['callback_url'] as String,
      consentInformation: consent,
    ),
    'services' => await lookup.services(),
    'products_config' => await lookup.productsConfig(),
    _ => fail('no method $method'),
  };
}

void expectError(Object? error, Map<String, dynamic> wanted) {
  expect(error, isA<SelfsameException>());
  expect((error! as SelfsameException).kind.wireName, wanted['kind']);
  if (error case RefusedException(:final httpStatus, :final code, :final serverMessage)) {
    expect([httpStatus, code, serverMessage], [wanted['http_status'], wanted['code'], wanted['message']]);
  }
}

void expectFound(Object found, Map<String, dynamic> expected) {
  switch (found) {
    case final JobResult result:
      for (final MapEntry(:key, :value) in (expected['result'] as JsonObject).entries) {
        expect(ofResult[key]!(result), value, reason: key);
      }
      for (final MapEntry(:key, :value) in (expected['actions'] as JsonObject? ?? const {}).entries) {
        expect(result.action(key), value, reason: key);
      }
    case final JobNames names:
      expect({'user_id': names.userId, 'job_id': names.jobId}, expected['names']);
    case final Services services:
      for (final MapEntry(:key, :value) in (expected['id_types'] as JsonObject).entries) {
        expect([for (final country in services.idTypes(key)) wire(country)], value, reason: key);
      }
      expect([for (final bank in services.bankCodes) {'name': bank.name, 'code': bank.code}], expected['bank_codes']);
    case final ProductsConfig config:
      for (final dynamic v in expected['consent_required']) {
        expect(config.consentRequired(v[0] as String, v[1] as String), v[2], reason: '$v');
      }
      for (final dynamic v in expected['id_selection']) {
        expect(config.idTypes(v[0] as String, v[1] as String), v[2], reason: '$v');
      }
    default:
      fail('$found was found');
  }
}

JsonObject wire(OfferedCountry country) => {
  'code': country.code,
  'name': country.name,
  'id_types': [
    for (final type in country.idTypes)
      {'code': type.code, 'label': type.label, 'pattern': type.pattern, 'required_fields': type.requiredFields},
  ],
};
