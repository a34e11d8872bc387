import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import '../client/capture.dart';
import '../client/challenge.dart';
import '../client/errors.dart';
import '../client/json.dart';

const _root = 'selfsame-captures';
const _selfie = 'selfie';
const _front = 'id_card_front';
const _back = 'id_card_back';
const _frame = 'frame_';
const _challenge = 'challenge';

/// Captures by tag, in a private folder. They are deleted once the server has the job's package.
class FileCaptures implements CaptureStore {
  /// Takes what gives the folder that they lie in; it is asked for whenever it is needed.
  FileCaptures(this._home);

  final Future<Directory> Function() _home;

  /// Keeps a selfie and its frames; those that were kept under the tag before are replaced, ID card images stay.
  ///
  /// With a [challenge], the selfie looks straight ahead, and the frames, in the order in which they were taken, begin
  /// so and then hold for each turn the way there, the head fully turned (twice), and the way back.
  ///
  /// Throws [ArgumentException] where one is no image or the tag is too long.
  Future<void> keepSelfie(
    String tag,
    Uint8List selfie, [
    List<Uint8List> frames = const [],
    Challenge? challenge,
  ]) async {
    checkImage(selfie, 'selfie');
    for (final (at, frame) in frames.indexed) {
      checkImage(frame, 'frames[$at]');
    }
    final folder = await _folderOf(tag);
    // The selfie is the first to go and the last to come: a capture that was cut short has none, and so is none.
    await _remove(folder, _selfie);
    await _remove(folder, _challenge);
    for (final name in await _frameNames(folder)) {
      await _remove(folder, name);
    }
    for (final (at, frame) in frames.indexed) {
      await _write(folder, '$_frame${'$at'.padLeft(3, '0')}', frame);
    }
    if (challenge != null) await _write(folder, _challenge, utf8.encode(jsonEncode(challenge)));
    await _write(folder, _selfie, selfie);
  }

  /// Keeps an ID card's images; those that were kept under the tag before are replaced, the selfie stays.
  ///
  /// Throws [ArgumentException] where one is no image or the tag is too long.
  Future<void> keepIdCard(String tag, Uint8List front, [Uint8List? back]) async {
    checkImage(front, 'front');
    if (back != null) checkImage(back, 'back');
    final folder = await _folderOf(tag);
    await _remove(folder, _back);
    await _write(folder, _front, front);
    if (back != null) await _write(folder, _back, back);
  }

  /// Deletes a capture. Nothing happens where there is none.
  Future<void> forget(String tag) async {
    final folder = await _folderOf(tag);
    if (await folder.exists()) await folder.delete(recursive: true);
  }

  @override
  Future<Capture?> read(String tag) async {
    final folder = await _folderOf(tag);
    final selfie = await _read(folder, _selfie);
    if (selfie == null) return null;
    final frames = [for (final name in await _frameNames(folder)) await _read(folder, name)];
    final challenge = await _read(folder, _challenge);
    return Capture(
      selfie: selfie,
      frames: frames.nonNulls.toList(),
      challenge: challenge == null ? null : Challenge.read(parseObject(utf8.decode(challenge))),
      idCardFront: await _read(folder, _front),
      idCardBack: await _read(folder, _back),
    );
  }

  @override
  Future<void> submitted(String tag) => forget(tag);

  /// A tag's folder. Escaped and prefixed, so that no tag leads out of the captures' own.
  Future<Directory> _folderOf(String tag) async {
    final name = 'tag-${Uri.encodeComponent(tag)}';
    if (name.length > 200) {
      throw const ArgumentException('the tag is too long: about 190 letters or digits are the most');
    }
    final home = await _home();
    return Directory('${home.path}/$_root/$name');
  }
}

Future<List<String>> _frameNames(Directory folder) async {
  if (!await folder.exists()) return [];
  final names = await folder.list().map((entry) => entry.uri.pathSegments.last).toList();
  return names.where((name) => name.startsWith(_frame)).toList()..sort();
}

Future<void> _write(Directory folder, String name, Uint8List bytes) async {
  await folder.create(recursive: true);
  await File('${folder.path}/$name').writeAsBytes(bytes, flush: true);
}

Future<Uint8List?> _read(Directory folder, String name) async {
  final file = File('${folder.path}/$name');
  return await file.exists() ? file.readAsBytes() : null;
}

Future<void> _remove(Directory folder, String name) async {
  final file = File('${folder.path}/$name');
  if (await file.exists()) await file.delete();
}
