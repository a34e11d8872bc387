// Registers, then logs in, with a selfie: `flutter run --dart-define=SERVER=… --dart-define=PARTNER_ID=…
// --dart-define=SANDBOX_API_KEY=…`. The key is for this try-out only: an app that others install uses `WebTokenAuth`.
import 'dart:async';

import 'package:flutter/material.dart';
import 'package:selfsame_flutter/selfsame_flutter.dart';

void main() {
  SmileFlutter.configure(
    Connection(
      server: const String.fromEnvironment('SERVER', defaultValue: 'http://10.0.2.2:8080'),
      partnerId: const String.fromEnvironment('PARTNER_ID', defaultValue: '2343'),
      auth: const ApiKeyAuth(sandbox: String.fromEnvironment('SANDBOX_API_KEY')),
    ),
  );
  runApp(MaterialApp(title: 'Selfsame', navigatorKey: SmileFlutter.navigatorKey, home: const HomePage()));
}

/// Two buttons, and what came of the last one.
class HomePage extends StatefulWidget {
  /// The app's one page.
  const HomePage({super.key});

  @override
  State<HomePage> createState() => _HomePageState();
}

class _HomePageState extends State<HomePage> {
  var _said = '';

  Future<void> _run(int jobType) async {
    final partnerParams = {'job_id': 'job-${DateTime.now().millisecondsSinceEpoch}', 'user_id': 'ada'};
    final geoInfo = const GeoInfo(latitude: 6.5244, longitude: 3.3792, isGeoPermissionGranted: true).toJson();
    var said = '';
    try {
      final captured = await SmileFlutter.captureSelfie('login');
      _say('…');
      final result = await SmileFlutter.submitJob(
        captured.tag,
        jobType,
        false,
        partnerParams,
        {}, // No ID information.
        geoInfo,
        '', // No callback.
        0, // Followed for a minute.
      );
      said = '${result.resultCode} ${result.resultText}';
    } on CaptureException catch (error) {
      said = error.reason == CaptureFailure.dismissed ? '' : error.message;
    } on SelfsameException catch (error) {
      said = '${error.kind.wireName}: ${error.message}';
    }
    _say(said);
  }

  void _say(String said) {
    if (mounted) setState(() => _said = said);
  }

  @override
  Widget build(BuildContext context) => Scaffold(
    appBar: AppBar(title: const Text('Selfsame')),
    body: Center(
      child: Column(
        mainAxisAlignment: MainAxisAlignment.center,
        children: [
          FilledButton(
            onPressed: () => unawaited(_run(JobType.smartSelfieRegistration)),
            child: const Text('Register'),
          ),
          const SizedBox(height: 16),
          FilledButton(
            onPressed: () => unawaited(_run(JobType.smartSelfieAuthentication)),
            child: const Text('Log in'),
          ),
          Padding(
            padding: const EdgeInsets.all(16),
            child: Semantics(liveRegion: true, child: Text(_said, textAlign: TextAlign.center)),
          ),
        ],
      ),
    ),
  );
}
