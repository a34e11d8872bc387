// A folder for one test.
import 'dart:io';

import 'package:selfsame_flutter/client.dart';
import 'package:test/test.dart';

/// Captures in a folder that goes when the test ends.
Future<(FileCaptures, Directory)> scratchCaptures() async {
  final folder = await Directory.systemTemp.createTemp('selfsame-flutter');
  addTearDown(() => folder.delete(recursive: true));
  return (FileCaptures(() async => folder), folder);
}
