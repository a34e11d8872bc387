import 'dart:async';

import 'package:flutter/material.dart';

import '../client/errors.dart';
import 'capture_screen.dart';
import 'capture_session.dart';

/// Shows a capture's screen over the app until its outcome.
///
/// Throws [CaptureException] where there is no navigator.
void showCapture(CaptureSession session, NavigatorState? navigator) {
  if (navigator == null) throw CaptureException(CaptureFailure.noHost);
  final route = MaterialPageRoute<void>(
    fullscreenDialog: true,
    builder: (context) => CaptureScreen(session: session),
  );
  void leave() {
    if (route.isActive) navigator.removeRoute(route);
  }

  unawaited(session.outcome.then((_) => leave(), onError: (Object _) => leave()));
  // The system's back button pops the route: then the person gave up.
  unawaited(navigator.push(route).then((_) => session.dismiss()));
}
