import 'package:flutter/material.dart';

import '../client/challenge.dart';
import 'capture_request.dart';

/// An oval for a face, or a frame for a card, and an arrow where a head is to turn. It takes no touches and says
/// nothing to a screen reader: the hint does.
class CaptureGuide extends StatelessWidget {
  /// Guides what is asked for.
  const CaptureGuide({super.key, required this.request, this.turn});

  /// What is asked for.
  final CaptureRequest request;

  /// Where the head is to turn. The preview is as in a mirror: the person's left is on the left.
  final HeadTurn? turn;

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
        child: Stack(
          fit: StackFit.expand,
          children: [
            Center(
              child: FractionallySizedBox(
                widthFactor: widthShare,
                child: AspectRatio(
                  aspectRatio: ratio,
                  child: DecoratedBox(decoration: ShapeDecoration(shape: shape)),
                ),
              ),
            ),
            // At the top in the middle, so that no layout from right to left moves it.
            if (turn case final turn?)
              Column(children: [Text(_arrow(turn), style: const TextStyle(color: Colors.white, fontSize: 72))]),
          ],
        ),
      ),
    );
  }
}

String _arrow(HeadTurn turn) => switch (turn) {
  HeadTurn.left => '\u2190',
  HeadTurn.right => '\u2192',
  HeadTurn.up => '\u2191',
};
