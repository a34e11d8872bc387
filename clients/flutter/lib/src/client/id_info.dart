import 'dart:convert';

import 'errors.dart';
import 'json.dart';
import 'submission.dart';

/// ID information, typed: [toJson] gives what `submitJob` and a `Lookup` take.
class IdInfo {
  /// Takes what is known.
  const IdInfo({
    this.country,
    this.idType,
    this.idNumber,
    this.entered,
    this.firstName,
    this.middleName,
    this.lastName,
    this.dob,
    this.gender,
    this.phoneNumber,
    this.bankCode,
    this.more = const {},
  });

  /// Whose authority is asked: two letters, e.g. `NG`.
  final String? country;

  /// Which of its records, e.g. `NIN`.
  final String? idType;

  /// Which person.
  final String? idNumber;

  /// Whether the number is to be looked up. False: the selfie is compared with the ID card's image.
  final bool? entered;

  /// Given name.
  final String? firstName;

  /// Middle names.
  final String? middleName;

  /// Family name.
  final String? lastName;

  /// Date of birth, `YYYY-MM-DD`.
  final String? dob;

  /// `M` or `F`, or a word for it.
  final String? gender;

  /// Telephone number.
  final String? phoneNumber;

  /// The bank, where the number is an account's.
  final String? bankCode;

  /// Further fields, in the wire's names.
  final JsonObject more;

  /// The wire's fields, without those that are not known.
  JsonObject toJson() => {
    ...more,
    if (country != null) 'country': country,
    if (idType != null) 'id_type': idType,
    if (idNumber != null) 'id_number': idNumber,
    if (entered case final entered?) 'entered': '$entered',
    if (firstName != null) 'first_name': firstName,
    if (middleName != null) 'middle_name': middleName,
    if (lastName != null) 'last_name': lastName,
    if (dob != null) 'dob': dob,
    if (gender != null) 'gender': gender,
    if (phoneNumber != null) 'phone_number': phoneNumber,
    if (bankCode != null) 'bank_code': bankCode,
  };

  /// Nothing of the person.
  @override
  String toString() => 'IdInfo(${toJson().keys.join(', ')})';
}

/// What the person agreed to, where the ID type needs that: in the wire's `consent_information`.
class ConsentInformation {
  /// Takes when it was, and what was agreed to.
  const ConsentInformation({
    required this.grantedAt,
    this.personalDetails = false,
    this.contactInformation = false,
    this.documentInformation = false,
  });

  /// When the person agreed.
  final DateTime grantedAt;

  /// To who they are.
  final bool personalDetails;

  /// To how they are reached.
  final bool contactInformation;

  /// To what stands on their document.
  final bool documentInformation;

  /// The wire's fields.
  JsonObject toJson() => {
    'consented': {
      'consent_granted_date': grantedAt.toUtc().toIso8601String(),
      'personal_details': personalDetails,
      'contact_information': contactInformation,
      'document_information': documentInformation,
    },
  };
}

/// ID information as a job's package carries it. Only job type 1 has rules here; of the others the server judges.
///
/// Throws [ArgumentException] where something is missing. What was given never stands in its text.
JsonObject? idInfoFor(int jobType, JsonObject? given, {required bool hasCard}) {
  if (jobType != JobType.biometricKyc) return given;
  final info = given ?? const {};
  if (_wasEntered(info['entered'])) {
    checkIdentity(info);
    return info['entered'] == null ? {...info, 'entered': 'true'} : info;
  }
  if (!hasCard) {
    throw const ArgumentException(
      "idInfo.entered is false: then an ID card's front must have been captured under the tag",
    );
  }
  return info;
}

/// Checks that a person can be looked up by this.
///
/// Throws [ArgumentException].
void checkIdentity(JsonObject info) {
  if (!RegExp(r'^[A-Za-z]{2}$').hasMatch(_text(info, 'country'))) {
    throw const ArgumentException('idInfo.country must be two letters, e.g. NG');
  }
  if (!RegExp(r'^\w{1,64}$').hasMatch(_text(info, 'id_type'))) {
    throw const ArgumentException('idInfo.id_type must have 1 to 64 letters, digits or _, e.g. NIN');
  }
  final number = _text(info, 'id_number');
  // The server's own rule.
  if (controlCharacter.hasMatch(number) || utf8.encode(number).length > 128) {
    throw const ArgumentException('idInfo.id_number must have 1 to 128 bytes and no control characters');
  }
}

/// Text, because a number would lose its leading zeros.
String _text(JsonObject info, String name) {
  final value = info[name];
  if (value == null) throw ArgumentException('idInfo.$name is missing');
  if (value is! String) throw ArgumentException('idInfo.$name must be a string');
  final trimmed = value.trim();
  if (trimmed.isEmpty) throw ArgumentException('idInfo.$name is missing');
  return trimmed;
}

/// A number that is given is to be looked up, unless it is said that it is not.
bool _wasEntered(Object? said) => switch (said) {
  null => true,
  final bool entered => entered,
  final String text when text.toLowerCase() == 'true' => true,
  final String text when text.toLowerCase() == 'false' => false,
  _ => throw const ArgumentException('idInfo.entered must be true or false'),
};
