/// Stands in for package:crypto, as far as this package uses it: OpenSSL's command computes.
library;

import 'dart:convert';
import 'dart:io';

/// The name of SHA-256.
class Hash {
  const Hash._();
}

const sha256 = Hash._();

class Digest {
  const Digest(this.bytes);
  final List<int> bytes;
}

class Hmac {
  Hmac(Hash hash, this._key);
  final List<int> _key;

  Digest convert(List<int> message) {
    final octal = message.map((byte) => '\\${byte.toRadixString(8).padLeft(3, '0')}').join();
    final hex = _key.map((byte) => byte.toRadixString(16).padLeft(2, '0')).join();
    const command = r'printf "$1" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$2" -binary | base64 -w0';
    final done = Process.runSync('sh', ['-c', command, 'sh', octal, hex]);
    if (done.exitCode != 0 || '${done.stderr}'.isNotEmpty) throw StateError('openssl: ${done.stderr}');
    return Digest(base64.decode('${done.stdout}'));
  }
}
