// The contract that the server and every client pass, as far as it needs no server: see conformance/README.md.
import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'package:selfsame_flutter/client.dart';
import 'package:test/test.dart';

import 'support/vectors.dart';
import 'support/zip_listing.dart';

void main() {
  test('signatures', () {
    for (final dynamic v in vectors('signatures')['signatures']) {
      final name = v['name'] as String;
      final key = v['api_key'] as String, partner = v['partner_id'] as String, at = v['timestamp'] as String;
      expect(verify(key, partner, at, v['signature'] as String), v['valid'], reason: name);
      if (v['valid'] == true) expect(sign(key, partner, at), v['signature'], reason: name);
    }
  });

  test('timestamps', () {
    final dynamic subject = vectors('signatures')['timestamps'];
    final now = DateTime.parse(subject['now'] as String);
    final window = TimestampWindow(
      past: Duration(seconds: subject['past_seconds'] as int),
      future: Duration(seconds: subject['future_seconds'] as int),
    );
    for (final dynamic v in subject['cases']) {
      final text = v['timestamp'] as String;
      expect(outcomeOf(() => checkWindow(text, now, window), 'fresh'), v['outcome'], reason: text);
    }
  });

  test('signed objects', () {
    final dynamic subject = vectors('signatures')['signed_objects'];
    final key = subject['api_key'] as String, partner = subject['partner_id'] as String;
    final now = DateTime.parse(subject['now'] as String);
    for (final dynamic v in subject['cases']) {
      final outcome = outcomeOf(() => verifySigned(v['body'] as String, key, partner, now), 'trusted');
      expect(outcome, v['outcome'], reason: v['name'] as String);
    }
  });

  test('callbacks', () {
    for (final dynamic v in vectors('callbacks')['secrets']) {
      expect(webhookSecret(v['api_key'] as String), v['secret']);
    }
    final dynamic subject = vectors('callbacks')['callbacks'];
    final key = subject['api_key'] as String, partner = subject['partner_id'] as String;
    final now = DateTime.parse(subject['now'] as String);
    for (final dynamic v in subject['cases']) {
      final name = v['name'] as String, body = utf8.encode(v['body'] as String);
      final headers = (v['headers'] as Map<String, dynamic>).cast<String, String>();
      for (final accept in [false, true]) {
        final verifier = CallbackVerifier(partnerId: partner, apiKey: key, acceptWithoutCode: accept);
        final wanted = accept ? 'outcome_without_code_accepted' : 'outcome';
        expect(outcomeOf(() => verifier.verify(body, headers, now), 'trusted'), v[wanted], reason: name);
      }
    }
  });

  test('packages', () async {
    for (final dynamic v in vectors('packages')['write']) {
      final name = v['name'] as String;
      final zip = written(v['input'] as Map<String, dynamic>);
      final [info, ...images] = listing(zip);
      expect(info.name, 'info.json', reason: name);
      expect(utf8.decode(info.bytes), v['info_json'], reason: name);
      final entries = [
        for (final image in images)
          {'name': image.name, 'method': image.method, 'size': image.size, 'crc32': image.crc32},
      ];
      expect(entries, v['entries'], reason: name);
      for (final entry in [info, ...images]) {
        expect((entry.method, entry.time, entry.date), ('stored', 0, 33), reason: name);
      }
      expect(written(v['input'] as Map<String, dynamic>), zip, reason: name);
      await anotherReaderTakes(zip, images.length + 1);
    }
  });

  for (final dynamic v in vectors('results')) {
    test('results: ${v['name']}', () {
      final json = v['status'] as Map<String, dynamic>, expected = v['expect'] as Map<String, dynamic>;
      final status = JobStatus(json);
      for (final MapEntry(:key, :value) in expected.entries) {
        if (key != 'actions') expect(accessors[key]!(status), value, reason: key);
      }
      (expected['actions'] as Map<String, dynamic>).forEach((name, value) {
        expect(status.action(name), value, reason: name);
      });
      expect(status.toJson(), json);
      expect(jsonDecode(status.toString()), json);
      expect(jsonDecode(jsonEncode(status)), json);
      // Item by item, as a map.
      expect(status['job_complete'], json['job_complete']);
      expect(status.keys.toList(), json.keys.toList());
    });
  }

  test('names', () {
    final names = vectors('names') as Map<String, dynamic>;
    expect(ResultCode.all, names['result_codes']);
    expect(ResultAction.all, names['actions']);
    final types = names['job_types'] as Map<String, dynamic>;
    expect([types['biometric_kyc'], types['enhanced_kyc']], [JobType.biometricKyc, JobType.enhancedKyc]);
  });

  test('challenges of web tokens', () {
    for (final dynamic v in vectors('challenges')['claims']) {
      expect(challengeIn(v['token'] as String)?.toJson(), v['expect'], reason: v['name'] as String);
    }
  });

  test('the accessors are those of the contract, neither more nor fewer', () {
    final named = {for (final dynamic v in vectors('results')) ...(v['expect'] as Map<String, dynamic>).keys};
    expect({...accessors.keys, 'actions'}.toList()..sort(), named.toList()..sort());
  });
}

/// What reads each of the contract's accessors.
final accessors = <String, Object? Function(JobStatus)>{
  'job_complete': (status) => status.jobComplete,
  'job_success': (status) => status.jobSuccess,
  'confidence_value': (status) => status.confidenceValue,
  'is_final_result': (status) => status.isFinalResult,
  'partner_params': (status) => status.partnerParams,
  'evidence': (status) => status.evidence,
  'challenge_failure': (status) => status.challengeFailure?.wireName,
  'results': (status) => [for (final result in status.results) result.resultCode],
  for (final MapEntry(:key, :value) in ofResult.entries) key: value,
};

/// The same of what one result says.
final ofResult = <String, Object? Function(ResultFields)>{
  'result_code': (result) => result.resultCode,
  'result_text': (result) => result.resultText,
  'result_type': (result) => result.resultType,
  'smile_job_id': (result) => result.smileJobId,
  'is_machine_result': (result) => result.isMachineResult,
  'country': (result) => result.country,
  'id_type': (result) => result.idType,
  'id_number': (result) => result.idNumber,
  'full_name': (result) => result.fullName,
  'dob': (result) => result.dob,
  'gender': (result) => result.gender,
  'photo': (result) => switch (result.photo) {
    final bytes? => base64.encode(bytes),
    null => null,
  },
  'phone_number': (result) => result.phoneNumber,
  'address': (result) => result.address,
  'expiration_date': (result) => result.expirationDate,
  'full_data': (result) => result.fullData,
  'id_number_previously_registered': (result) => result.idNumberPreviouslyRegistered,
  'user_ids_of_previous_registrants': (result) => result.userIdsOfPreviousRegistrants,
  'kyc_receipt': (result) => result.kycReceipt,
  'antifraud': (result) => result.antifraud,
};

String outcomeOf(void Function() act, String well) {
  try {
    act();
    return well;
  } on UntrustedException catch (error) {
    return error.reason.wireName;
  }
}

Uint8List written(Map<String, dynamic> input) {
  List<Uint8List> of(String role) => [
    for (final dynamic image in input['images'])
      if (image['role'] == role) base64.decode(image['base64'] as String),
  ];
  JsonObject? present(String name) {
    final value = input[name] as Map<String, dynamic>;
    return value.isEmpty ? null : value;
  }

  return buildPackage(
    Capture(
      selfie: of('selfie').single,
      frames: of('liveness'),
      idCardFront: of('id_card_front').firstOrNull,
      idCardBack: of('id_card_back').firstOrNull,
    ),
    PackageDescription(
      language: 'LANGUAGE',
      misc: input['misc'] as Map<String, dynamic>,
      partnerParams: input['partner_params'] as Map<String, dynamic>,
      idInfo: present('id_info'),
      consentInformation: present('consent_information'),
      geoInfo: present('geo_info'),
    ),
  );
}

/// Python's zip module, which shares no code with this package, takes each entry, its CRC included.
Future<void> anotherReaderTakes(Uint8List zip, int entries) async {
  final folder = await Directory.systemTemp.createTemp('selfsame-flutter-zip');
  try {
    final file = await File('${folder.path}/package.zip').writeAsBytes(zip);
    const program = 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), len(z.namelist()))';
    final done = await Process.run('python3', ['-c', program, file.path]);
    expect('${done.stdout}${done.stderr}'.trim(), 'None $entries');
  } finally {
    await folder.delete(recursive: true);
  }
}
