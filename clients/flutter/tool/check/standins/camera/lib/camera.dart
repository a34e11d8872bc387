/// Stands in for package:camera, as far as this package uses it: the names and types of 0.11.2 to 0.12.0.
library;

import 'dart:typed_data';

import 'package:flutter/widgets.dart';

class XFile {
  XFile(this.path);
  final String path;
  Future<Uint8List> readAsBytes() => throw UnsupportedError('no device');
}

class CameraException implements Exception {
  CameraException(this.code, this.description);
  String code;
  String? description;
}

enum CameraLensDirection { front, back, external }

enum ResolutionPreset { low, medium, high, veryHigh, ultraHigh, max }

class CameraDescription {
  const CameraDescription({required this.name, required this.lensDirection, required this.sensorOrientation});
  final String name;
  final CameraLensDirection lensDirection;
  final int sensorOrientation;
}

Future<List<CameraDescription>> availableCameras() => throw UnsupportedError('no device');

class CameraController {
  CameraController(CameraDescription description, ResolutionPreset resolutionPreset, {bool enableAudio = true});
  Future<void> initialize() => throw UnsupportedError('no device');
  Future<XFile> takePicture() => throw UnsupportedError('no device');
  Future<void> dispose() => throw UnsupportedError('no device');
}

class CameraPreview extends StatelessWidget {
  const CameraPreview(this.controller, {super.key});
  final CameraController controller;
  @override
  Widget build(BuildContext context) => throw UnsupportedError('no device');
}
