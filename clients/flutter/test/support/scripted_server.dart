// A server that answers by a scenario's script, over real HTTP on the loopback address, and keeps what it was asked.
import 'dart:convert';
import 'dart:io';
import 'dart:typed_data';

import 'package:selfsame_flutter/client.dart';

import 'vectors.dart';
import 'zip_listing.dart';

/// What of an identity is asked, by the last part of its path.
const lookups = ['id_verification', 'async_id_verification', 'verify', 'services', 'products_config'];

class ScriptedServer {
  ScriptedServer._(this._server, this._script, this._clock, this._partnerId, this._apiKey);

  static Future<ScriptedServer> start(
    Map<String, dynamic> script,
    TurnedClock clock,
    String partnerId,
    String? apiKey,
  ) async {
    final server = await HttpServer.bind(InternetAddress.loopbackIPv4, 0);
    return ScriptedServer._(server, script, clock, partnerId, apiKey).._serve();
  }

  final HttpServer _server;
  final Map<String, dynamic> _script;
  final TurnedClock _clock;
  final String _partnerId;
  final String? _apiKey;
  final _asked = <String, List<({String path, List<int> body})>>{
    for (final kind in const ['upload', 'package', 'job_status', 'challenge', ...lookups]) kind: [],
  };

  /// When job_status was asked, in milliseconds.
  final times = <int>[];

  String get url => 'http://127.0.0.1:${_server.port}';

  int count(String kind) => _asked[kind]!.length;

  /// The last request of a kind; of a package, its info.json.
  Map<String, dynamic> last(String kind) {
    if (kind == 'info_json') {
      final zip = Uint8List.fromList(_asked['package']!.last.body);
      final info = listing(zip).firstWhere((entry) => entry.name == 'info.json');
      return jsonDecode(utf8.decode(info.bytes)) as Map<String, dynamic>;
    }
    final (:path, :body) = _asked[kind]!.last;
    final sent = body.isEmpty ? const <String, dynamic>{} : jsonDecode(utf8.decode(body)) as Map<String, dynamic>;
    return {'path': path, ...sent};
  }

  Future<void> close() => _server.close(force: true);

  Future<void> _serve() async {
    await for (final request in _server) {
      final body = [for (final chunk in await request.toList()) ...chunk];
      final kind = request.method == 'PUT' ? 'package' : request.uri.pathSegments.last;
      final answers = _script[kind] as List<dynamic>;
      final before = count(kind);
      _asked[kind]!.add((path: request.uri.path, body: body));
      if (kind == 'job_status') times.add(_clock.elapsed);
      final response = request.response;
      final dynamic answer = answers.isEmpty ? null : answers[before < answers.length ? before : answers.length - 1];
      if (answer == null) {
        response.statusCode = 500;
      } else if (answer['drop'] == true) {
        (await response.detachSocket(writeHeaders: false)).destroy();
        continue;
      } else {
        response.statusCode = answer['status'] as int;
        if (answer['retry_after'] case final String after) response.headers.set('retry-after', after);
        final dynamic said = answer['body'];
        final text = said is String ? said : jsonEncode(_bodyOf(said as Map<String, dynamic>, answer['signed']));
        response.add(utf8.encode(text));
      }
      await response.close();
    }
  }

  Map<String, dynamic> _bodyOf(Map<String, dynamic> body, Object? signed) {
    if (body['upload_url'] == 'UPLOAD_URL') return {...body, 'upload_url': '$url/package'};
    if (signed == null || signed == 'not') return body;
    final at = signed == 'stale' ? _clock.now().subtract(const Duration(hours: 2)) : _clock.now();
    final timestamp = formatTimestamp(at);
    final key = signed == 'wrong' ? 'another' : _apiKey!;
    return {...body, 'timestamp': timestamp, 'signature': sign(key, _partnerId, timestamp)};
  }
}
