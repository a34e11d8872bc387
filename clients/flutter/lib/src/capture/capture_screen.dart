import 'dart:async';

import 'package:flutter/material.dart';

import '../client/errors.dart';
import 'capture_guide.dart';
import 'capture_request.dart';
import 'capture_session.dart';
import 'platform_camera.dart';

/// The camera with a guide and a button; then a look at what was taken. What happens is [CaptureSession]'s; this shows
/// it, and minds the camera.
class CaptureScreen extends StatefulWidget {
  /// Shows a capture. Tests put their own [startCamera] in.
  const CaptureScreen({super.key, required this.session, this.startCamera = startPlatformCamera});

  /// The capture.
  final CaptureSession session;

  /// Starts the camera.
  final StartCamera startCamera;

  @override
  State<CaptureScreen> createState() => _CaptureScreenState();
}

class _CaptureScreenState extends State<CaptureScreen> with WidgetsBindingObserver {
  RunningCamera? _camera;
  var _starting = false;
  var _left = false;

  CaptureSession get _session => widget.session;

  @override
  void initState() {
    super.initState();
    WidgetsBinding.instance.addObserver(this);
    _session.onChange = () {
      if (mounted) setState(() {});
    };
    unawaited(_start());
  }

  @override
  void dispose() {
    _left = true;
    WidgetsBinding.instance.removeObserver(this);
    _session.onChange = null;
    unawaited(_stop());
    // However the screen was left: nobody waits for ever.
    _session.dismiss();
    super.dispose();
  }

  /// The camera plugin leaves it to the app to let the camera go when the app leaves the screen.
  @override
  void didChangeAppLifecycleState(AppLifecycleState state) {
    switch (state) {
      case AppLifecycleState.resumed:
        unawaited(_start());
      // The system's own dialogue, which asks for the permission, makes the app inactive, too: then no camera runs yet.
      case AppLifecycleState.inactive:
        unawaited(_stop());
      case AppLifecycleState.detached || AppLifecycleState.hidden || AppLifecycleState.paused:
        break;
    }
  }

  Future<void> _start() async {
    if (_starting || _camera != null || _left) return;
    _starting = true;
    try {
      final side = switch (_session.request) {
        SelfieRequest() => CameraSide.front,
        IdCardRequest() => CameraSide.back,
      };
      final camera = await widget.startCamera(side);
      if (_left) return camera.stop();
      _camera = camera;
      _session.cameraReady(camera);
    } on CaptureException catch (failure) {
      _session.fail(failure.reason, failure.cause);
    } finally {
      _starting = false;
    }
  }

  Future<void> _stop() async {
    final camera = _camera;
    if (camera == null) return;
    _camera = null;
    _session.cameraStopped();
    await camera.stop();
  }

  @override
  Widget build(BuildContext context) {
    final texts = _session.request.texts;
    final review = _session.stage == CaptureStage.review;
    return Scaffold(
      backgroundColor: Colors.black,
      body: SafeArea(
        child: Column(
          children: [
            Expanded(child: _picture(review: review)),
            Padding(
              padding: const EdgeInsets.all(16),
              child: Semantics(
                liveRegion: true,
                child: Text(
                  _session.hint,
                  textAlign: TextAlign.center,
                  style: const TextStyle(color: Colors.white, fontSize: 18),
                ),
              ),
            ),
            Padding(
              padding: const EdgeInsets.fromLTRB(16, 0, 16, 24),
              child: Row(
                mainAxisAlignment: MainAxisAlignment.spaceEvenly,
                children: review
                    ? [_lesser(texts.again, _session.retake), _main(texts.use, _session.use)]
                    : [_lesser(texts.close, _session.dismiss), _main(texts.take, _shutter)],
              ),
            ),
          ],
        ),
      ),
    );
  }

  /// Null, which disables the button, until the camera runs.
  VoidCallback? get _shutter => _session.stage == CaptureStage.ready ? () => unawaited(_session.take()) : null;

  Widget _picture({required bool review}) {
    final taken = _session.taken;
    if (review && taken != null) {
      return Image.memory(taken, fit: BoxFit.contain, semanticLabel: _session.request.texts.review);
    }
    return Stack(
      fit: StackFit.expand,
      children: [
        if (_camera case final camera?) Center(child: camera.preview()),
        CaptureGuide(request: _session.request, turn: _session.turn),
      ],
    );
  }

  Widget _main(String label, VoidCallback? onPressed) => Flexible(
    child: FilledButton(
      onPressed: onPressed,
      style: FilledButton.styleFrom(
        backgroundColor: Colors.white,
        foregroundColor: Colors.black,
        disabledBackgroundColor: Colors.white38,
        minimumSize: const Size(120, 48),
      ),
      child: Text(label, textAlign: TextAlign.center),
    ),
  );

  Widget _lesser(String label, VoidCallback onPressed) => Flexible(
    child: TextButton(
      onPressed: onPressed,
      style: TextButton.styleFrom(foregroundColor: Colors.white, minimumSize: const Size(120, 48)),
      child: Text(label, textAlign: TextAlign.center),
    ),
  );
}
