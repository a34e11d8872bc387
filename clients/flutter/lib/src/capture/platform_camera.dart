import 'dart:io';
import 'dart:typed_data';

import 'package:camera/camera.dart';
import 'package:flutter/widgets.dart';

import '../client/errors.dart';
import 'shutter.dart';

/// Which camera.
enum CameraSide {
  /// The one that looks at the person.
  front,

  /// The one that looks away.
  back,
}

/// A camera that runs: its preview, and its shutter.
abstract interface class RunningCamera implements Shutter {
  /// The live picture.
  Widget preview();

  /// Lets the camera go.
  Future<void> stop();
}

/// Starts a camera.
///
/// Ends with [CaptureException]: denied, noCamera or cameraFailed.
typedef StartCamera = Future<RunningCamera> Function(CameraSide side);

/// The codes by which the camera plugin says that the app may not use the camera.
const _deniedCodes = {'CameraAccessDenied', 'CameraAccessDeniedWithoutPrompt', 'CameraAccessRestricted'};

/// Starts the device's camera, by the `camera` plugin, which asks the person where that is needed.
Future<RunningCamera> startPlatformCamera(CameraSide side) async {
  final facing = side == CameraSide.front ? CameraLensDirection.front : CameraLensDirection.back;
  try {
    final found = (await availableCameras()).where((camera) => camera.lensDirection == facing).firstOrNull;
    if (found == null) throw CaptureException(CaptureFailure.noCamera);
    // 1280 by 720: enough for a face and for a card's print; nine pictures stay below the server's limits.
    final controller = CameraController(found, ResolutionPreset.high, enableAudio: false);
    try {
      await controller.initialize();
    } on Exception {
      // A camera that did not start may fail to stop, too: the first failure is the one that tells.
      await controller.dispose().onError((_, _) {});
      rethrow;
    }
    return _PluginCamera(controller);
  } on CaptureException {
    rethrow;
  } on Exception catch (cause) {
    final denied = cause is CameraException && _deniedCodes.contains(cause.code);
    throw CaptureException(denied ? CaptureFailure.denied : CaptureFailure.cameraFailed, cause);
  }
}

class _PluginCamera implements RunningCamera {
  _PluginCamera(this._controller);

  final CameraController _controller;

  @override
  Widget preview() => CameraPreview(_controller);

  @override
  Future<Uint8List> take() async {
    final picture = await _controller.takePicture();
    try {
      return await picture.readAsBytes();
    } finally {
      // The plugin leaves each picture in a temporary file.
      await File(picture.path).delete();
    }
  }

  @override
  Future<void> stop() => _controller.dispose();
}
