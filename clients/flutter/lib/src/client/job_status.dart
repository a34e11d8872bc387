import 'dart:collection';
import 'dart:convert';

import 'errors.dart';
import 'json.dart';

/// What the server says of a job: a map, read item by item, through typed accessors, as JSON ([toJson]) or as text
/// ([toString]).
///
/// With an API key, only an answer with the right signature becomes one. With a web token the answer comes from where
/// the partner's own service fetched it, and is trusted as far as that connection is.
class JobStatus extends UnmodifiableMapView<String, dynamic> {
  /// Wraps an answer of `/v1/job_status`.
  JobStatus(JsonObject json) : _json = json, super(json);

  final JsonObject _json;

  /// Whether the job has ended. False after a polling timeout: the rest comes to the callback.
  bool get jobComplete => _json['job_complete'] == true;

  /// Whether the job has ended well: enrolled, or authenticated.
  bool get jobSuccess => _json['job_success'] == true;

  /// The result code, four digits, e.g. `0820`.
  String? get resultCode => _text('ResultCode');

  /// What the code means.
  String? get resultText => _text('ResultText');

  /// The server's name of the job.
  String? get smileJobId => _text('SmileJobID');

  /// 0 to 100; 50 is the match threshold. Null without a comparison.
  double? get confidenceValue {
    final text = _text('ConfidenceValue');
    return text != null && RegExp(r'^\d+(\.\d+)?$').hasMatch(text) ? double.parse(text) : null;
  }

  /// Whether no further result follows.
  bool get isFinalResult => _text('IsFinalResult') == 'true';

  /// What came of an action, e.g. `Selfie_To_Registered_Selfie_Compare` → `Passed`.
  String? action(String name) => actions[name];

  /// What came of each action.
  Map<String, String> get actions {
    final actions = _field('Actions');
    return {
      if (actions is JsonObject)
        for (final MapEntry(:key, :value) in actions.entries)
          if (value is String) key: value,
    };
  }

  /// The partner parameters as the server echoes them.
  Object? get partnerParams => _field('PartnerParams');

  /// Scores, thresholds, models and reasons.
  Object? get evidence => _field('evidence');

  /// What stood against the capture of a challenge, where that is among the reasons: it is missing, or was not
  /// followed.
  ChallengeFailure? get challengeFailure {
    final evidence = this.evidence;
    final reasons = evidence is JsonObject ? evidence['reasons'] : null;
    if (reasons is! List<Object?>) return null;
    if (reasons.contains('challenge_not_followed')) return ChallengeFailure.notFollowed;
    return reasons.contains('challenge_missing') ? ChallengeFailure.missing : null;
  }

  /// Links to the job's images, where they were asked for.
  JsonObject? get imageLinks {
    final links = _json['image_links'];
    return links is JsonObject ? links : null;
  }

  /// The results of every attempt at this job, newest first, where they were asked for.
  List<Object?>? get history {
    final history = _json['history'];
    return history is List<Object?> ? history : null;
  }

  /// The whole answer as JSON.
  JsonObject toJson() => _json;

  /// The whole answer as JSON text.
  @override
  String toString() => jsonEncode(_json);

  Object? _field(String name) {
    final result = _json['result'];
    return result is JsonObject ? result[name] : null;
  }

  String? _text(String name) {
    final value = _field(name);
    return value is String ? value : null;
  }
}
