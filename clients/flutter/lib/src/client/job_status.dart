import 'dart:collection';
import 'dart:convert';

import 'job_result.dart';
import 'json.dart';

/// What the server says of a job: a map, read item by item, through typed accessors, as JSON ([toJson]) or as text
/// ([toString]). The accessors of a result read the newest one.
///
/// With an API key, only an answer with the right signature becomes one. With a web token the answer comes from where
/// the partner's own service fetched it, and is trusted as far as that connection is.
class JobStatus extends UnmodifiableMapView<String, dynamic> with ResultFields {
  /// Wraps an answer of `/v1/job_status`.
  JobStatus(JsonObject json) : _json = json, super(json);

  final JsonObject _json;

  /// Whether the job has ended. False after a polling timeout: the rest comes to the callback.
  bool get jobComplete => _json['job_complete'] == true;

  /// Whether the job has ended well: enrolled, or authenticated.
  bool get jobSuccess => _json['job_success'] == true;

  /// Links to the job's images, where they were asked for.
  JsonObject? get imageLinks {
    final links = _json['image_links'];
    return links is JsonObject ? links : null;
  }

  /// The results of every attempt at this job, newest first, where they were asked for: as they came.
  List<Object?>? get history {
    final history = _json['history'];
    return history is List<Object?> ? history : null;
  }

  /// The same with accessors. A job of type 1 gives several: the lookup, the comparison of the faces, and a person's
  /// review where there was one.
  List<JobResult> get results => [...?history?.whereType<JsonObject>().map(JobResult.new)];

  @override
  String? get kycReceipt {
    final receipt = _json['kyc_receipt'];
    return super.kycReceipt ?? (receipt is String && receipt.isNotEmpty ? receipt : null);
  }

  @override
  JsonObject? get resultFields {
    final result = _json['result'];
    return result is JsonObject ? result : null;
  }

  /// The whole answer as JSON.
  JsonObject toJson() => _json;

  /// The whole answer as JSON text.
  @override
  String toString() => jsonEncode(_json);
}
