import 'dart:typed_data';

import 'challenge.dart';
import 'errors.dart';

/// What was captured under a tag: a selfie with its frames, and ID card images where they were captured.
class Capture {
  /// Takes JPEG or PNG files.
  const Capture({required this.selfie, this.frames = const [], this.challenge, this.idCardFront, this.idCardBack});

  /// The selfie.
  final Uint8List selfie;

  /// The frames around the selfie, in the order in which they were taken. Eight make a SmartSelfie.
  final List<Uint8List> frames;

  /// The challenge that the person followed, which the frames show.
  final Challenge? challenge;

  /// The ID card's front.
  final Uint8List? idCardFront;

  /// The ID card's back.
  final Uint8List? idCardBack;
}

/// Where captures are kept.
abstract interface class CaptureStore {
  /// The capture of a tag, or null where none has a selfie.
  Future<Capture?> read(String tag);

  /// Called once the server has a job's package: a store on disk deletes the capture. Where that fails, the job goes
  /// on.
  Future<void> submitted(String tag);
}

/// Whether bytes begin as JPEG does.
bool isJpeg(List<int> bytes) => _startsWith(bytes, const [0xff, 0xd8, 0xff]);

/// Whether bytes begin as PNG does.
bool isPng(List<int> bytes) => _startsWith(bytes, const [0x89, 0x50, 0x4e, 0x47]);

bool _startsWith(List<int> bytes, List<int> start) {
  if (bytes.length < start.length) return false;
  for (var at = 0; at < start.length; at += 1) {
    if (bytes[at] != start[at]) return false;
  }
  return true;
}

/// Throws [ArgumentException] where an image's bytes begin neither as JPEG nor as PNG.
void checkImage(List<int> bytes, String name) {
  if (!isJpeg(bytes) && !isPng(bytes)) {
    throw ArgumentException('$name is neither JPEG nor PNG, by its first bytes');
  }
}
