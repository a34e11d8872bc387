import 'dart:convert';
import 'dart:math';

import 'errors.dart';
import 'json.dart';

/// The wire's job types. 2 compares a selfie with the one on file, 4 puts one on file, 1 compares it with the photo
/// that an authority has, 5 looks a person up without one; which others a server performs its documentation says.
abstract final class JobType {
  /// Biometric KYC: looks an ID number up, and compares the authority's photo with the selfie.
  static const biometricKyc = 1;

  /// Compares a selfie with the one on file.
  static const smartSelfieAuthentication = 2;

  /// Puts a selfie on file.
  static const smartSelfieRegistration = 4;

  /// Enhanced KYC: looks an ID number up; see `Lookup`.
  static const enhancedKyc = 5;

  /// Document verification.
  static const documentVerification = 6;

  /// Business verification.
  static const businessVerification = 7;

  /// Replaces the selfie on file.
  static const updatePhoto = 8;

  /// Compares a user's information.
  static const compareUserInfo = 9;

  /// Enhanced document verification.
  static const enhancedDocumentVerification = 11;
}

/// Where the device is, typed: [toJson] gives what `submitJob` takes. Kept with the job.
class GeoInfo {
  /// Takes what is known.
  const GeoInfo({
    this.accuracy,
    this.altitude,
    this.latitude,
    this.longitude,
    this.lastUpdate,
    this.isGeoPermissionGranted,
  });

  /// In metres.
  final double? accuracy;

  /// In metres.
  final double? altitude;

  /// In degrees.
  final double? latitude;

  /// In degrees.
  final double? longitude;

  /// When it was measured.
  final DateTime? lastUpdate;

  /// Whether the person lets the app know.
  final bool? isGeoPermissionGranted;

  /// The wire's fields, without those that are not known.
  JsonObject toJson() => {
    if (accuracy != null) 'accuracy': accuracy,
    if (altitude != null) 'altitude': altitude,
    if (latitude != null) 'latitude': latitude,
    if (longitude != null) 'longitude': longitude,
    if (lastUpdate case final at?) 'lastUpdate': at.toUtc().toIso8601String(),
    if (isGeoPermissionGranted != null) 'isGeoPermissionGranted': isGeoPermissionGranted,
  };
}

/// Partner parameters whose names are certain.
class NamedParams {
  NamedParams._(this.json, this.userId, this.jobId);

  /// The parameters with the names that were missing made, and the job type.
  ///
  /// Throws [ArgumentException] where a name is no identifier or the job type is negative.
  factory NamedParams.of(JsonObject? partnerParams, int jobType) {
    if (jobType < 0) {
      throw const ArgumentException('jobType must be a whole number, e.g. 2 to authenticate or 4 to register');
    }
    final given = partnerParams ?? const {};
    final jobId = _name(given, 'job_id'), userId = _name(given, 'user_id');
    return NamedParams._({...given, 'job_id': jobId, 'user_id': userId, 'job_type': jobType}, userId, jobId);
  }

  /// All of them, as they are sent.
  final JsonObject json;

  /// The partner's name of the person.
  final String userId;

  /// The partner's name of the job.
  final String jobId;
}

/// A control character: in no name and in no number.
final controlCharacter = RegExp(r'[\u0000-\u001f\u007f-\u009f]');

String _name(JsonObject params, String key) {
  final value = params[key];
  if (value == null || value == '') return randomName();
  // The server's own rule: 1 to 256 bytes, no control characters.
  if (value is! String) throw ArgumentException('partnerParams.$key must be a string');
  if (controlCharacter.hasMatch(value) || utf8.encode(value).length > 256) {
    throw ArgumentException('partnerParams.$key must have 1 to 256 bytes and no control characters');
  }
  return value;
}

/// A name that no other job, person or capture has: 128 random bits in hexadecimal.
String randomName() {
  final random = Random.secure();
  return [for (var at = 0; at < 16; at += 1) random.nextInt(256).toRadixString(16).padLeft(2, '0')].join();
}

/// A map that says something: empty and null are absent.
JsonObject? present(JsonObject? value) => value == null || value.isEmpty ? null : value;

/// Throws [ArgumentException] where a map holds what JSON cannot.
void checkJson(JsonObject? value, String name) {
  try {
    jsonEncode(value);
  } on JsonUnsupportedObjectError {
    throw ArgumentException('$name must hold nothing but JSON: text, numbers, true, false, null, lists and maps');
  }
}
