import 'dart:convert';
import 'dart:typed_data';

import 'capture.dart';
import 'json.dart';
import 'stored_zip.dart';

/// What a package says beside its images.
class PackageDescription {
  /// Takes all that `info.json` says.
  const PackageDescription({
    required this.language,
    required this.misc,
    required this.partnerParams,
    this.idInfo,
    this.consentInformation,
    this.geoInfo,
  });

  /// What wrote it, e.g. `flutter`.
  final String language;

  /// Further keys of `misc_information`, in order.
  final JsonObject misc;

  /// Echoed whole in the result.
  final JsonObject partnerParams;

  /// Null where absent.
  final JsonObject? idInfo;

  /// Null where absent.
  final JsonObject? consentInformation;

  /// Null where absent.
  final JsonObject? geoInfo;
}

/// An image's role, and the wire's `image_type_id` of a file of it.
enum _Role {
  selfie('selfie', 0),
  liveness('liveness', 4),
  idCardFront('id_card_front', 1),
  idCardBack('id_card_back', 5);

  const _Role(this.wireName, this.fileType);

  final String wireName;
  final int fileType;
}

/// The images of a capture in the order in which packages carry them.
List<(_Role, Uint8List)> _imagesOf(Capture capture) => [
  (_Role.selfie, capture.selfie),
  for (final frame in capture.frames) (_Role.liveness, frame),
  if (capture.idCardFront case final front?) (_Role.idCardFront, front),
  if (capture.idCardBack case final back?) (_Role.idCardBack, back),
];

/// A package: a zip with `info.json` and the images that it names. The same input gives the same bytes.
Uint8List buildPackage(Capture capture, PackageDescription description) {
  final named = [
    for (final (at, (role, bytes)) in _imagesOf(capture).indexed)
      (name: '${role.wireName}_$at.${isPng(bytes) ? 'png' : 'jpg'}', type: role.fileType, bytes: bytes),
  ];
  final info = {
    'package_information': {
      'apiVersion': {'buildNumber': 0, 'majorVersion': 2, 'minorVersion': 1},
      'language': description.language,
    },
    'misc_information': {
      'retry': 'false',
      'file_name': 'selfie.zip',
      'partner_params': description.partnerParams,
      ...description.misc,
    },
    'id_info': description.idInfo,
    if (description.consentInformation != null) 'consent_information': description.consentInformation,
    if (description.geoInfo != null) 'geo_info': description.geoInfo,
    'images': [
      for (final image in named) {'image_type_id': image.type, 'image': '', 'file_name': image.name},
    ],
    'server_information': const <String, Object?>{},
  };
  return storedZip({
    'info.json': utf8.encode(jsonEncode(info)),
    for (final image in named) image.name: image.bytes,
  });
}
