import 'dart:typed_data';

/// Takes pictures with the camera that is shown.
abstract interface class Shutter {
  /// Takes a picture: a JPEG file, upright or with its orientation in EXIF.
  Future<Uint8List> take();
}
