import 'dart:collection';
import 'dart:convert';
import 'dart:typed_data';

import 'errors.dart';
import 'json.dart';

/// What the wire writes where the authority has nothing to tell.
const _lacking = 'Not Available';

/// What is read from one result, be it a job's or a lookup's. Fields that are absent, or of another type than the
/// wire's, are null.
mixin ResultFields {
  /// The result, where there is one.
  JsonObject? get resultFields;

  /// The result code, four digits, e.g. `0820`: see `ResultCode`.
  String? get resultCode => _text('ResultCode');

  /// What the code means.
  String? get resultText => _text('ResultText');

  /// What kind of result it is, e.g. `ID Verification`.
  String? get resultType => _text('ResultType');

  /// The server's name of the job.
  String? get smileJobId => _text('SmileJobID');

  /// 0 to 100; 50 is the match threshold. Null without a comparison.
  double? get confidenceValue {
    final text = _text('ConfidenceValue');
    return text != null && RegExp(r'^\d+(\.\d+)?$').hasMatch(text) ? double.parse(text) : null;
  }

  /// Whether no further result follows.
  bool get isFinalResult => _text('IsFinalResult') == 'true';

  /// Whether no person decided.
  bool get isMachineResult => _text('IsMachineResult') == 'true';

  /// What came of an action, e.g. `Selfie_To_Registered_Selfie_Compare` → `Passed`: see `ResultAction`.
  String? action(String name) => actions[name];

  /// What came of each action.
  Map<String, String> get actions {
    final actions = _field('Actions');
    return {
      if (actions is JsonObject)
        for (final MapEntry(:key, :value) in actions.entries)
          if (value is String) key: value,
    };
  }

  /// The partner parameters as the server echoes them.
  Object? get partnerParams => _field('PartnerParams');

  /// Scores, thresholds, models and reasons.
  Object? get evidence => _field('evidence');

  /// What stood against the capture of a challenge, where that is among the reasons: it is missing, or was not
  /// followed.
  ChallengeFailure? get challengeFailure {
    final evidence = this.evidence;
    final reasons = evidence is JsonObject ? evidence['reasons'] : null;
    if (reasons is! List<Object?>) return null;
    if (reasons.contains('challenge_not_followed')) return ChallengeFailure.notFollowed;
    return reasons.contains('challenge_missing') ? ChallengeFailure.missing : null;
  }

  /// Whose authority was asked: two letters.
  String? get country => _known('Country');

  /// Which of its records.
  String? get idType => _known('IDType');

  /// The number that was looked up.
  String? get idNumber => _known('IDNumber');

  /// The person's whole name, by the authority.
  String? get fullName => _known('FullName');

  /// When the person was born, by the authority: most often `YYYY-MM-DD`.
  String? get dob => _known('DOB');

  /// The person's gender, as the authority writes it.
  String? get gender => _known('Gender');

  /// The authority's photo of the person: the file's bytes, most often JPEG.
  Uint8List? get photo {
    final text = _known('Photo');
    return text == null ? null : _bytesOf(text);
  }

  /// The person's telephone number, by the authority.
  String? get phoneNumber => _known('PhoneNumber');

  /// Where the person lives, by the authority.
  String? get address => _known('Address');

  /// Until when the ID is valid.
  String? get expirationDate => _known('ExpirationDate');

  /// What else the authority told, in its own words.
  JsonObject? get fullData => _object('FullData');

  /// Whether somebody was registered with this number before.
  bool? get idNumberPreviouslyRegistered {
    final value = _field('IDNumberPreviouslyRegistered');
    return value is bool ? value : null;
  }

  /// Who was registered with this number before: the partner's names of them.
  List<String>? get userIdsOfPreviousRegistrants {
    final list = _field('UserIDsOfPreviousRegistrants');
    return list is List<Object?> ? list.whereType<String>().toList() : null;
  }

  /// Where a page is to be had that says what was asked and what matched. The link ends soon.
  String? get kycReceipt => _known('KYCReceipt');

  /// What speaks for fraud: a summary, and users who may be the same person.
  JsonObject? get antifraud => _object('Antifraud');

  Object? _field(String name) => resultFields?[name];

  String? _text(String name) {
    final value = _field(name);
    return value is String ? value : null;
  }

  /// Text that says something.
  String? _known(String name) {
    final text = _text(name);
    return text == '' || text == _lacking ? null : text;
  }

  JsonObject? _object(String name) {
    final value = _field(name);
    return value is JsonObject ? value : null;
  }
}

/// One result: a lookup's, one of a job's several, or a callback's. Also a map, read item by item.
class JobResult extends UnmodifiableMapView<String, dynamic> with ResultFields {
  /// Wraps a result as the wire has it. What is not verified is not to be trusted: see `CallbackVerifier`.
  JobResult(JsonObject json) : _json = json, super(json);

  final JsonObject _json;

  @override
  JsonObject get resultFields => _json;

  /// The whole result as JSON.
  JsonObject toJson() => _json;

  /// The whole result as JSON text.
  @override
  String toString() => jsonEncode(_json);
}

/// Base64, also as a data URL, in lines or without padding; null where it is none.
Uint8List? _bytesOf(String text) {
  final bare = text.replaceFirst(RegExp('^data:[^,]*,'), '').replaceAll(RegExp(r'\s+'), '');
  final unpadded = bare.replaceFirst(RegExp(r'=+$'), '');
  if (unpadded.isEmpty || !RegExp(r'^[A-Za-z0-9+/]+$').hasMatch(unpadded) || unpadded.length % 4 == 1) return null;
  try {
    return base64.decode(unpadded.padRight((unpadded.length + 3) ~/ 4 * 4, '='));
  } on FormatException {
    return null;
  }
}
