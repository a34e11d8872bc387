import 'dart:convert';
import 'dart:typed_data';

const _localHeader = 0x04034b50;
const _centralHeader = 0x02014b50;
const _endOfDirectory = 0x06054b50;

/// Version 2.0 of the format: what folders and deflate would need, and every reader knows.
const _version = 20;

/// File names are UTF-8.
const _utf8Names = 0x0800;

/// Midnight of 1 January 1980, the format's first moment: the same input gives the same bytes.
const _time = 0;
const _date = (1 << 5) | 1;

/// A zip whose entries are stored as they are, because JPEG and PNG do not deflate further. Entries keep their order.
Uint8List storedZip(Map<String, Uint8List> entries) {
  final files = BytesBuilder(copy: false);
  final directory = BytesBuilder(copy: false);
  entries.forEach((name, bytes) {
    final nameBytes = utf8.encode(name);
    final crc = crc32(bytes);
    final offset = files.length;
    // The fields that both headers share, from "version needed" to the extra field's length.
    void shared(_Fields fields) => fields
      ..short(_version)
      ..short(_utf8Names)
      ..short(0) // Stored.
      ..short(_time)
      ..short(_date)
      ..long(crc)
      ..long(bytes.length)
      ..long(bytes.length)
      ..short(nameBytes.length)
      ..short(0);
    final local = _Fields()..long(_localHeader);
    shared(local);
    files
      ..add(local.bytes)
      ..add(nameBytes)
      ..add(bytes);
    final central = _Fields()
      ..long(_centralHeader)
      ..short(_version);
    shared(central);
    central
      ..short(0) // No comment.
      ..short(0) // The first disk.
      ..short(0) // No internal attributes,
      ..long(0) // and no external ones.
      ..long(offset);
    directory
      ..add(central.bytes)
      ..add(nameBytes);
  });
  final end = _Fields()
    ..long(_endOfDirectory)
    ..short(0)
    ..short(0)
    ..short(entries.length)
    ..short(entries.length)
    ..long(directory.length)
    ..long(files.length)
    ..short(0);
  return (BytesBuilder(copy: false)
        ..add(files.takeBytes())
        ..add(directory.takeBytes())
        ..add(end.bytes))
      .takeBytes();
}

/// Little-endian fields.
class _Fields {
  final _bytes = BytesBuilder();

  void short(int value) => _bytes.add([value & 0xff, value >> 8 & 0xff]);

  void long(int value) {
    short(value);
    short(value >> 16);
  }

  Uint8List get bytes => _bytes.toBytes();
}

final _table = Uint32List.fromList([for (var byte = 0; byte < 256; byte += 1) _divide(byte)]);

/// A byte's remainder by the polynomial of ISO 3309, its bits reversed.
int _divide(int byte) {
  var remainder = byte;
  for (var bit = 0; bit < 8; bit += 1) {
    remainder = remainder.isOdd ? 0xedb88320 ^ (remainder >> 1) : remainder >> 1;
  }
  return remainder;
}

/// The CRC-32 of ISO 3309, as zip has it.
int crc32(List<int> bytes) {
  var crc = 0xffffffff;
  for (final byte in bytes) {
    crc = _table[(crc ^ byte) & 0xff] ^ (crc >> 8);
  }
  return crc ^ 0xffffffff;
}
