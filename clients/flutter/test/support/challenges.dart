// Challenges as a server draws them.
import 'package:selfsame_flutter/client.dart';

Challenge challenge(String id, List<String> turns, {int seconds = 120}) =>
    Challenge.read({'id': id, 'turns': turns, 'expires_at': '2026-01-31T12:02:00.000Z', 'seconds': seconds})!;
