import 'package:flutter/material.dart';

import 'capture_request.dart';

/// An oval for a face, or a frame for a card. It takes no touches and says nothing to a screen reader: the hint does.
class CaptureGuide extends StatelessWidget {
  /// Guides what is asked for.
  const CaptureGuide({super.key, required this.request});

  /// What is asked for.
  final CaptureRequest request;

  @override
  Widget build(BuildContext context) {
    const line = BorderSide(color: Colors.white, width: 3);
    final (double widthShare, double ratio, ShapeBorder shape) = switch (request) {
      SelfieRequest() => (0.7, 3 / 4, const OvalBorder(side: line)),
      // The proportions of ISO/IEC 7810 ID-1.
      IdCardRequest() => (
        0.85,
        85.6 / 53.98,
        const RoundedRectangleBorder(side: line, borderRadius: BorderRadius.all(Radius.circular(12))),
      ),
    };
    return ExcludeSemantics(
      child: IgnorePointer(
        child: Center(
          child: FractionallySizedBox(
            widthFactor: widthShare,
            child: AspectRatio(
              aspectRatio: ratio,
              child: DecoratedBox(decoration: ShapeDecoration(shape: shape)),
            ),
          ),
        ),
      ),
    );
  }
}
