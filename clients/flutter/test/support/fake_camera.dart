// A shutter whose pictures are numbered, and a clock that waits for nothing.
import 'dart:typed_data';

import 'package:selfsame_flutter/src/capture/shutter.dart';

class FakeShutter implements Shutter {
  FakeShutter({this.failsAt});

  /// The picture at which the camera fails.
  final int? failsAt;

  /// Called before each picture.
  void Function(int number)? onTake;
  var taken = 0;

  @override
  Future<Uint8List> take() async {
    taken += 1;
    onTake?.call(taken);
    if (taken == failsAt) throw const FormatException('the camera is in use');
    return Uint8List.fromList([0xff, 0xd8, 0xff, taken]);
  }
}
