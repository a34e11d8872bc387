// A zip's entries as its central directory lists them, and their bytes.
import 'dart:convert';
import 'dart:typed_data';

typedef ZipEntry = ({String name, String method, int time, int date, int size, String crc32, Uint8List bytes});

List<ZipEntry> listing(Uint8List zip) {
  final view = ByteData.sublistView(zip);
  int short(int at) => view.getUint16(at, Endian.little);
  int long(int at) => view.getUint32(at, Endian.little);
  final end = zip.length - 22;
  if (long(end) != 0x06054b50) throw const FormatException('no end of a central directory');
  final entries = <ZipEntry>[];
  var at = long(end + 16);
  for (var left = short(end + 10); left > 0; left -= 1) {
    if (long(at) != 0x02014b50) throw FormatException('no entry at $at');
    final nameLength = short(at + 28), size = long(at + 24), local = long(at + 42);
    if (long(local) != 0x04034b50) throw FormatException('no file at $local');
    final begins = local + 30 + short(local + 26) + short(local + 28);
    entries.add((
      name: utf8.decode(zip.sublist(at + 46, at + 46 + nameLength)),
      method: const {0: 'stored', 8: 'deflated'}[short(at + 10)] ?? 'unknown',
      time: short(at + 12),
      date: short(at + 14),
      size: size,
      crc32: long(at + 16).toRadixString(16).padLeft(8, '0'),
      bytes: zip.sublist(begins, begins + size),
    ));
    at += 46 + nameLength + short(at + 30) + short(at + 32);
  }
  return entries;
}
