import 'package:flutter/widgets.dart';
import 'package:path_provider/path_provider.dart';

import 'capture/capture_request.dart';
import 'capture/capture_route.dart';
import 'client/challenge.dart';
import 'client/connection.dart';
import 'client/job_status.dart';
import 'client/json.dart';
import 'client/lookup.dart';
import 'client/submission.dart';
import 'files/file_captures.dart';
import 'mobile_calls.dart';

/// The mobile calls: [captureSelfie], [captureIDCard], [captureSelfieAndIDCard] and [submitJob].
///
/// Before the first call, [configure] it, and give [navigatorKey] to the app, so that the camera can be shown.
abstract final class SmileFlutter {
  /// For `MaterialApp(navigatorKey: …)`: the navigator that shows the camera. An app that has a key of its own hands
  /// it to [configure].
  static final navigatorKey = GlobalKey<NavigatorState>();

  static GlobalKey<NavigatorState> _shownBy = navigatorKey;

  // The caches directory: private to the app, and in no backup, so faces do not go where the person did not send them.
  // The system may empty it when space runs out; then the person captures again.
  static final _calls = MobileCalls(
    FileCaptures(getApplicationCacheDirectory),
    (session) => showCapture(session, _shownBy.currentState),
  );

  /// Says which server jobs go to, and as whom; a further call replaces it.
  static void configure(Connection connection, {GlobalKey<NavigatorState>? navigatorKey}) {
    _shownBy = navigatorKey ?? SmileFlutter.navigatorKey;
    _calls.configure(connection);
  }

  /// Draws a challenge for [captureSelfie]: head turns that the server chooses, and nobody else. With a web token it is
  /// the one that was drawn with the token, if there is one, and [submitJob] uses that token for the capture that
  /// followed it; user, job and type are then the token's, and an empty [userId] will do.
  ///
  /// Ends with `SelfsameException`; its `kind` says what went wrong.
  static Future<Challenge> drawChallenge(
    String userId,
    bool isProduction, {
    String jobId = '',
    int jobType = JobType.smartSelfieAuthentication,
  }) => _calls.drawChallenge(userId, isProduction, jobId: jobId, jobType: jobType);

  /// Looks identities up, without a selfie. An app that has a web token only may ask what is offered (`services`,
  /// `productsConfig`), and have a result posted to the callback (`asyncIdVerification`); records themselves are for
  /// holders of the API key.
  static Lookup lookup(bool isProduction) => _calls.lookup(isProduction);

  /// Shows the front camera, captures a selfie with its frames, and keeps them under a tag in the app's private files.
  ///
  /// An empty [tag] makes one. Ends with `CaptureException`; its `reason` says why nothing was captured.
  static Future<CapturedTag> captureSelfie(String tag, [SelfieOptions options = const SelfieOptions()]) =>
      _calls.captureSelfie(tag, options);

  /// Shows the back camera, captures an ID card, and keeps its images under a tag, beside the selfie that is there.
  ///
  /// An empty [tag] makes one. Ends with `CaptureException`; its `reason` says why nothing was captured.
  static Future<CapturedTag> captureIDCard(String tag, [IdCardOptions options = const IdCardOptions()]) =>
      _calls.captureIdCard(tag, options);

  /// [captureSelfie], then [captureIDCard] under the same tag.
  static Future<CapturedTag> captureSelfieAndIDCard(
    String tag, [
    SelfieOptions selfie = const SelfieOptions(),
    IdCardOptions card = const IdCardOptions(),
  ]) async {
    final captured = await captureSelfie(tag, selfie);
    return captureIDCard(captured.tag, card);
  }

  /// Deletes what was captured under a tag. After a job was submitted that is done already.
  static Future<void> forgetCapture(String tag) => _calls.captures.forget(tag);

  /// Submits a job with a capture, and follows it until it ends or the polling time passes. Empty maps, `''`, `0` and
  /// null mean absent.
  ///
  /// The capture is deleted once the server has it.
  ///
  /// * [tag]: from [captureSelfie].
  /// * [jobType]: 2 authenticates, 4 registers, 1 registers with an ID number; see `JobType`.
  /// * [isProduction]: production rather than the sandbox.
  /// * [partnerParams]: `job_id`, `user_id` and any further keys, which the result echoes; names that are missing are
  ///   made.
  /// * [idInfo]: ID information; see `IdInfo.toJson`. Job type 1 needs `country`, `id_type` and `id_number`; or
  ///   `entered` false and [captureIDCard].
  /// * [geoInfo]: where the device is; see `GeoInfo.toJson`.
  /// * [callbackUrl]: where the server posts the result.
  /// * [jobStatusPollingTimeoutMillis]: how long to follow the job. When that passes first, the result says
  ///   `job_complete: false`, and the rest comes to the callback. 0: a minute.
  ///
  /// Ends with `SelfsameException`; its `kind` says what went wrong.
  static Future<JobStatus> submitJob(
    String tag,
    int jobType,
    bool isProduction, [
    JsonObject? partnerParams,
    JsonObject? idInfo,
    JsonObject? geoInfo,
    String? callbackUrl,
    int jobStatusPollingTimeoutMillis = 0,
    SubmitOptions options = const SubmitOptions(),
  ]) => _calls.submitJob(
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
