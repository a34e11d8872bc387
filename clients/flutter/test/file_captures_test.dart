// Captures by tag, in files.
import 'dart:io';
import 'dart:typed_data';

import 'package:selfsame_flutter/client.dart';
import 'package:test/test.dart';

import 'support/scratch.dart';

Uint8List picture(int last) => Uint8List.fromList([0xff, 0xd8, 0xff, last]);

Future<List<String>> filesIn(Directory folder) async => [
  await for (final entry in folder.list(recursive: true))
    if (entry is File) entry.path.substring(folder.path.length),
]..sort();

void main() {
  test('a selfie, its frames in their order, and a card are kept under the tag', () async {
    final (captures, _) = await scratchCaptures();
    await captures.keepIdCard('kyc', picture(20), picture(21));
    expect(await captures.read('kyc'), isNull);
    await captures.keepSelfie('kyc', picture(0), [for (var at = 1; at <= 12; at += 1) picture(at)]);
    final kept = (await captures.read('kyc'))!;
    expect(kept.selfie.last, 0);
    expect(kept.frames.map((frame) => frame.last), [for (var at = 1; at <= 12; at += 1) at]);
    expect([kept.idCardFront?.last, kept.idCardBack?.last], [20, 21]);
  });

  test('a further selfie replaces the frames and leaves the card; a further card replaces both sides', () async {
    final (captures, _) = await scratchCaptures();
    await captures.keepSelfie('kyc', picture(0), [picture(1), picture(2)]);
    await captures.keepIdCard('kyc', picture(20), picture(21));
    await captures.keepSelfie('kyc', picture(5), [picture(6)]);
    await captures.keepIdCard('kyc', picture(30));
    final kept = (await captures.read('kyc'))!;
    expect([kept.selfie.last, ...kept.frames.map((frame) => frame.last)], [5, 6]);
    expect([kept.idCardFront?.last, kept.idCardBack], [30, null]);
  });

  test('tags are kept apart, and forgotten one by one', () async {
    final (captures, folder) = await scratchCaptures();
    await captures.keepSelfie('a', picture(1));
    await captures.keepSelfie('b', picture(2));
    await captures.submitted('a');
    await captures.forget('never there');
    expect([await captures.read('a'), (await captures.read('b'))?.selfie.last], [null, 2]);
    await captures.forget('b');
    expect(await filesIn(folder), equals(<String>[]));
  });

  test('no tag leads out of the captures’ folder', () async {
    final (captures, folder) = await scratchCaptures();
    final tags = ['..', '../../etc', '/', 'a/b', r'a\b', '鍵', ''];
    for (final tag in tags) {
      await captures.keepSelfie(tag, picture(1));
    }
    final files = await filesIn(folder);
    expect(files.length, tags.length);
    for (final path in files) {
      expect(RegExp(r'^/selfsame-captures/tag-[^/]*/selfie$').hasMatch(path), isTrue, reason: path);
    }
    await expectLater(captures.keepSelfie('x' * 300, picture(1)), throwsA(isA<ArgumentException>()));
  });

  test('what is no image is not kept', () async {
    final (captures, folder) = await scratchCaptures();
    final text = Uint8List.fromList('GIF89a'.codeUnits);
    await expectLater(captures.keepSelfie('a', text), throwsA(isA<ArgumentException>()));
    await expectLater(captures.keepSelfie('a', picture(1), [text]), throwsA(isA<ArgumentException>()));
    await expectLater(captures.keepIdCard('a', picture(1), Uint8List(0)), throwsA(isA<ArgumentException>()));
    expect(await filesIn(folder), equals(<String>[]));
  });
}
