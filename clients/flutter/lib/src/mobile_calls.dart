import 'dart:collection';
import 'dart:typed_data';

import 'capture/capture_request.dart';
import 'capture/capture_session.dart';
import 'client/challenge.dart';
import 'client/client.dart';
import 'client/connection.dart';
import 'client/errors.dart';
import 'client/job_status.dart';
import 'client/json.dart';
import 'client/lookup.dart';
import 'client/submission.dart';
import 'files/file_captures.dart';

/// What a capture gives: the tag to submit it with. Also a map with the public plugin's two keys, `SID_RESULT_CODE`
/// (always -1, success: failures are thrown) and `SID_RESULT_TAG`.
class CapturedTag extends UnmodifiableMapView<String, dynamic> {
  /// Names a capture.
  CapturedTag(this.tag) : super({'SID_RESULT_CODE': -1, 'SID_RESULT_TAG': tag});

  /// The tag.
  final String tag;
}

/// The mobile calls without a screen: `SmileFlutter` gives it one.
class MobileCalls {
  /// Keeps captures in [captures]. [_present] shows a capture's screen until its outcome; it throws
  /// [CaptureException] where it cannot.
  MobileCalls(this.captures, this._present);

  /// Where captures lie until the server has them.
  final FileCaptures captures;

  final void Function(CaptureSession session) _present;
  Client? _client;
  var _capturing = false;

  /// Says which server jobs go to, and as whom.
  void configure(Connection connection) => _client = Client(connection, captures);

  /// See `SmileFlutter.captureSelfie`.
  Future<CapturedTag> captureSelfie(String tag, SelfieOptions options) async {
    final (pictures, challenge) = await _capture(SelfieRequest(options));
    return _kept(tag, (name) => captures.keepSelfie(name, pictures.first, pictures.sublist(1), challenge));
  }

  /// See `SmileFlutter.captureIDCard`.
  Future<CapturedTag> captureIdCard(String tag, IdCardOptions options) async {
    final (pictures, _) = await _capture(IdCardRequest(options));
    return _kept(tag, (name) => captures.keepIdCard(name, pictures.first, pictures.elementAtOrNull(1)));
  }

  /// See `SmileFlutter.drawChallenge`.
  Future<Challenge> drawChallenge(
    String userId,
    bool isProduction, {
    String jobId = '',
    int jobType = JobType.smartSelfieAuthentication,
  }) => _configured.drawChallenge(userId, isProduction: isProduction, jobId: jobId, jobType: jobType);

  /// See `SmileFlutter.lookup`.
  Lookup lookup(bool isProduction) => _configured.lookup(isProduction: isProduction);

  Client get _configured =>
      _client ??
      (throw const ArgumentException('configure() was not called: the server and the partner are not known'));

  /// See `SmileFlutter.submitJob`.
  Future<JobStatus> submitJob(
    String tag,
    int jobType,
    bool isProduction, [
    JsonObject? partnerParams,
    JsonObject? idInfo,
    JsonObject? geoInfo,
    String? callbackUrl,
    int jobStatusPollingTimeoutMillis = 0,
    SubmitOptions options = const SubmitOptions(),
  ]) async {
    return _configured.submitJob(
      tag,
      jobType,
      isProduction,
      partnerParams,
      idInfo,
      geoInfo,
      callbackUrl,
      jobStatusPollingTimeoutMillis,
      options,
    );
  }

  Future<(List<Uint8List>, Challenge?)> _capture(CaptureRequest request) async {
    if (_capturing) throw CaptureException(CaptureFailure.busy);
    _capturing = true;
    try {
      final session = CaptureSession(request);
      _present(session);
      return (await session.outcome, session.challenge);
    } finally {
      _capturing = false;
    }
  }

  Future<CapturedTag> _kept(String tag, Future<void> Function(String tag) keep) async {
    final name = tag.isEmpty ? 'capture-${randomName()}' : tag;
    try {
      await keep(name);
    } on SelfsameException {
      rethrow;
    } on Exception catch (cause) {
      throw CaptureException(CaptureFailure.notStored, cause);
    }
    return CapturedTag(name);
  }
}
