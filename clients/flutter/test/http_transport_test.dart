// Requests over real HTTP, on the loopback address.
import 'dart:async';
import 'dart:io';
import 'dart:typed_data';

import 'package:selfsame_flutter/client.dart';
import 'package:test/test.dart';

const long = Duration(seconds: 30);

Future<Uri> serve(Future<void> Function(HttpRequest request) answer) async {
  final server = await HttpServer.bind(InternetAddress.loopbackIPv4, 0);
  addTearDown(() => server.close(force: true));
  server.listen((request) => unawaited(answer(request).catchError((Object _) {})));
  return Uri.parse('http://127.0.0.1:${server.port}/secret-path');
}

WireRequest put(
  Uri url, {
  String method = 'PUT',
  int size = 10,
  Duration timeout = long,
  Cancellation? cancellation,
  void Function(int, int)? onProgress,
}) => WireRequest(
  method: method,
  url: url,
  contentType: 'application/zip',
  body: Uint8List(size),
  timeout: timeout,
  cancellation: cancellation,
  onProgress: onProgress,
);

void main() {
  test('progress is told, and ends at the whole', () async {
    var received = 0;
    String? type;
    final url = await serve((request) async {
      type = '${request.headers.contentType}';
      await for (final chunk in request) {
        received += chunk.length;
      }
      await request.response.close();
    });
    final seen = <int>[];
    final answer = await HttpTransport().send(put(url, size: 300000, onProgress: (sent, total) {
      expect(total, 300000);
      seen.add(sent);
    }));
    expect([answer.status, received, type], [200, 300000, 'application/zip']);
    expect(seen, [65536, 131072, 196608, 262144, 300000]);
  });

  test('a request is cancelled while no answer comes', () async {
    final url = await serve((request) => Completer<void>().future);
    final cancellation = Cancellation();
    final request = put(url, cancellation: cancellation, onProgress: (_, _) => cancellation.cancel());
    final sent = HttpTransport().send(request);
    await expectLater(sent, throwsA(isA<CancelledException>()));
    await expectLater(HttpTransport().send(put(url, cancellation: cancellation)), throwsA(isA<CancelledException>()));
  });

  test('a request that is left hangs up', () async {
    final server = await ServerSocket.bind(InternetAddress.loopbackIPv4, 0);
    addTearDown(server.close);
    final cancellation = Cancellation();
    final hungUp = Completer<void>();
    server.listen((socket) {
      socket.listen((_) => cancellation.cancel(), onDone: hungUp.complete, onError: (Object _) => hungUp.complete());
    });
    final sent = HttpTransport().send(put(Uri.parse('http://127.0.0.1:${server.port}'), cancellation: cancellation));
    await expectLater(sent, throwsA(isA<CancelledException>()));
    await hungUp.future;
  });

  test('no answer in time is told, without the URL’s path', () async {
    final url = await serve((request) => Completer<void>().future);
    await expectLater(
      HttpTransport().send(put(url, timeout: const Duration(milliseconds: 100))),
      throwsA(isA<TransportException>().having((error) => error.message.contains('secret'), 'tells the path', false)),
    );
  });

  test('a server that cannot be reached, or that breaks off', () async {
    final nobody = await ServerSocket.bind(InternetAddress.loopbackIPv4, 0);
    final gone = Uri.parse('http://127.0.0.1:${nobody.port}');
    await nobody.close();
    final breaks = await serve((request) async => (await request.response.detachSocket()).destroy());
    for (final url in [gone, breaks]) {
      await expectLater(HttpTransport().send(put(url)), throwsA(isA<TransportException>()));
    }
  });

  test('an answer larger than any is not read to its end', () async {
    final url = await serve((request) async {
      for (var at = 0; at < 8; at += 1) {
        request.response.add(Uint8List(1024 * 1024));
        await request.response.flush();
      }
      await request.response.close();
    });
    await expectLater(HttpTransport().send(put(url)), throwsA(isA<AnswerException>()));
  });

  test('no other address is asked instead', () async {
    var asked = 0;
    final elsewhere = await serve((request) async {
      asked += 1;
      await request.response.close();
    });
    final url = await serve((request) async {
      request.response
        ..statusCode = 303
        ..headers.set('location', '$elsewhere');
      await request.response.close();
    });
    for (final method in ['POST', 'PUT']) {
      expect((await HttpTransport().send(put(url, method: method))).status, 303);
    }
    expect(asked, 0);
  });

  test('a wait is cancelled', () async {
    final cancellation = Cancellation();
    final waited = const SystemClock().sleep(const Duration(days: 1), cancellation);
    cancellation.cancel();
    await expectLater(waited, throwsA(isA<CancelledException>()));
  });
}
