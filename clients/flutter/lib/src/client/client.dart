import 'dart:typed_data';

import 'asking.dart';
import 'cancellation.dart';
import 'capture.dart';
import 'challenge.dart';
import 'connection.dart';
import 'errors.dart';
import 'id_info.dart';
import 'job_status.dart';
import 'json.dart';
import 'lookup.dart';
import 'package.dart';
import 'polling.dart';
import 'retry.dart';
import 'submission.dart';
import 'transport.dart';
import 'version.dart';
import 'web_token.dart';

/// One job on its way: what every step of it needs.
class _Journey {
  _Journey(this.params, this.names, this.callbackUrl, this.proof, this.challenge, this.options);

  final NamedParams params;
  final JobNames names;
  final String callbackUrl;

  /// A timestamp and its signature, or a web token.
  final JsonObject proof;
  final Challenge? challenge;
  final SubmitOptions options;
}

/// Tokens that are held for captures to come: a person makes one at a time.
const _mostHeld = 8;

/// Submits jobs to one server as one partner, and follows them. Pure Dart: it needs no Flutter.
class Client {
  /// Reads captures from [captures]. [source] is for packages that wrap this one.
  Client(this.connection, this.captures, {this.source = const Source(sdk: sdk, version: version, language: 'flutter')})
    : _asking = Asking(connection);

  /// Which server, as whom.
  final Connection connection;

  /// Where captures are kept.
  final CaptureStore captures;

  /// What requests and packages say of the software that made them.
  final Source source;

  final Asking _asking;

  /// Web tokens by the challenge that was drawn with each: the job must come with the same.
  final _held = <String, String>{};

  /// Jobs that were begun, and whose challenge ended before their package came: the next try says that it is one.
  final _ended = <String>{};

  /// Submits a job and follows it until it ends or the polling time passes.
  ///
  /// Empty maps, `''`, `0` and null mean absent. See `SmileFlutter.submitJob` for the arguments.
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
    checkJson(partnerParams, 'partnerParams');
    checkJson(idInfo, 'idInfo');
    checkJson(geoInfo, 'geoInfo');
    final wait = _pollingTime(jobStatusPollingTimeoutMillis);
    final capture = await captures.read(tag);
    if (capture == null) throw UnknownTagException(tag);
    final said = idInfoFor(jobType, present(idInfo), hasCard: capture.idCardFront != null);
    final journey = await _begin(capture, jobType, isProduction, partnerParams, callbackUrl ?? '', options);
    final (:uploadUrl, :smileJobId) = await _prepare(journey);
    await _upload(uploadUrl, _package(capture, journey, said, present(geoInfo)), journey);
    _ended.remove(journey.names.jobId);
    _held.remove(journey.challenge?.id);
    await _tellStore(tag);
    final unanswered = {
      'job_complete': false,
      'job_success': false,
      'result': {'SmileJobID': smileJobId},
    };
    final ask = _question(journey);
    if (ask == null) return JobStatus(unanswered);
    return follow(ask, unanswered, wait, connection.clock, options.cancellation);
  }

  /// Draws a challenge: head turns that the person makes while the frames are taken. For the capture that is about to
  /// begin; it ends soon after, and serves one job of this user.
  ///
  /// With the API key the server is asked for one; with a [jobId] it is good for no other job. With a web token it is
  /// the one that was drawn with the token, or else one that the server draws for the token's holder; the token is kept
  /// in memory, and [submitJob] uses it for the capture that followed the challenge. What is said here is then a wish.
  ///
  /// Throws [SelfsameException].
  Future<Challenge> drawChallenge(
    String userId, {
    required bool isProduction,
    String jobId = '',
    int jobType = JobType.smartSelfieAuthentication,
    Cancellation? cancellation,
  }) async {
    final named = NamedParams.of({'user_id': userId, 'job_id': jobId}, jobType);
    final JsonObject body;
    String? token;
    switch (connection.auth) {
      case WebTokenAuth(:final webToken):
        final job = JobNames(
          userId: named.userId,
          jobId: named.jobId,
          jobType: jobType,
          isProduction: isProduction,
        );
        token = await webToken(job);
        final drawn = challengeIn(token);
        // One that was given out before may have ended: then the token's holder has another drawn.
        if (drawn != null && !_held.containsKey(drawn.id)) return _hold(drawn, token);
        body = {'token': token};
      case ApiKeyAuth():
        if (userId.isEmpty) throw const ArgumentException('a challenge is for one user: userId must not be empty');
        body = {
          'partner_id': connection.partnerId,
          'user_id': userId,
          if (jobId.isNotEmpty) 'job_id': jobId,
          'job_type': jobType,
          ..._asking.sign(isProduction: isProduction),
        };
    }
    final url = '${connection.base(isProduction: isProduction)}/challenge';
    final answer = await withRetry(
      connection.retry,
      connection.clock,
      cancellation,
      (_) async => acceptObject(await _asking.post(url, body, cancellation)),
    );
    final challenge = Challenge.read(answer['challenge']);
    if (challenge == null) {
      throw const AnswerException("the server's answer carries no challenge that this client can guide");
    }
    return token == null ? challenge : _hold(challenge, token);
  }

  Challenge _hold(Challenge challenge, String token) {
    _held[challenge.id] = token;
    if (_held.length > _mostHeld) _held.remove(_held.keys.first);
    return challenge;
  }

  /// Asks once how a job stands. Needs the API key.
  ///
  /// Throws [SelfsameException]; [UntrustedException] where the answer is not signed with the partner's key.
  Future<JsonObject> jobStatus(
    String userId,
    String jobId, {
    required bool isProduction,
    bool imageLinks = false,
    bool history = false,
    Cancellation? cancellation,
  }) async {
    final answer = await _asking.post('${connection.base(isProduction: isProduction)}/job_status', {
      'partner_id': connection.partnerId,
      'user_id': userId,
      'job_id': jobId,
      'image_links': imageLinks,
      'history': history,
      ..._asking.sign(isProduction: isProduction),
    }, cancellation);
    return _asking.verified(answer, isProduction: isProduction);
  }

  /// Looks identities up, without a selfie.
  Lookup lookup({required bool isProduction}) => Lookup(_asking, source, isProduction: isProduction);

  /// Asks `/v1/token` for a short-lived web token, with which an app may submit one job. Needs the API key: for a
  /// partner's own service in Dart, which takes the user from its own session and never from what an app says.
  ///
  /// [product] is as the wire names it: `authentication`, `smartselfie` (an enrolment), `biometric_kyc` (an enrolment
  /// with an ID number), `enhanced_kyc` or `basic_kyc` (a lookup). The token holds all that it
  /// allows: what the app says otherwise is refused, and its callback URL is ignored. With [retry], the job may be
  /// tried again after an attempt that has ended; [partnerParams] are further keys that the app cannot change. With
  /// [challenge], one is drawn with the token: the capture must show the head turns that it asks for.
  Future<String> webToken(
    String userId,
    String jobId, {
    required bool isProduction,
    String product = 'authentication',
    String? callbackUrl,
    JsonObject? partnerParams,
    bool allowNewEnroll = false,
    bool retry = false,
    bool challenge = false,
  }) async {
    final answer = await _asking.post('${connection.base(isProduction: isProduction)}/token', {
      'partner_id': connection.partnerId,
      'user_id': userId,
      'job_id': jobId,
      'product': product,
      if (callbackUrl != null) 'callback_url': callbackUrl,
      if (partnerParams != null) 'partner_params': partnerParams,
      if (allowNewEnroll) 'allow_new_enroll': true,
      if (retry) 'retry': true,
      if (challenge) 'challenge': true,
      ..._asking.sign(isProduction: isProduction),
    }, null);
    final token = acceptObject(answer)['token'];
    if (token is! String) throw const AnswerException("the server's answer carries no token");
    return token;
  }

  Future<_Journey> _begin(
    Capture capture,
    int jobType,
    bool isProduction,
    JsonObject? partnerParams,
    String callbackUrl,
    SubmitOptions options,
  ) async {
    var params = NamedParams.of(partnerParams, jobType);
    JobNames names() =>
        JobNames(userId: params.userId, jobId: params.jobId, jobType: jobType, isProduction: isProduction);
    final JsonObject proof;
    switch (connection.auth) {
      case ApiKeyAuth():
        proof = _asking.sign(isProduction: isProduction);
      case WebTokenAuth(:final webToken):
        final challenge = capture.challenge;
        final token = _held[challenge?.id] ?? await webToken(names());
        final drawn = challengeIn(token);
        // Where the person is asked to turn their head after all, the same token is good for the next capture.
        if (drawn != null && challenge == null) {
          throw ChallengeException(ChallengeFailure.missing, challenge: _hold(drawn, token));
        }
        // The token says whose job it is; what was asked for is only a wish.
        params = NamedParams.of({...params.json, ...namesIn(token)}, jobType);
        proof = {'token': token};
    }
    options.cancellation?.check();
    return _Journey(params, names(), callbackUrl, proof, capture.challenge, options);
  }

  /// `POST /v1/upload`. After a failure the job may have been prepared all the same: the next try says that it is one.
  Future<({Uri uploadUrl, String smileJobId})> _prepare(_Journey journey) async {
    final _Journey(:options) = journey;
    final url = '${connection.base(isProduction: journey.names.isProduction)}/upload';
    final prepared = await withRetry(connection.retry, connection.clock, options.cancellation, (failures) async {
      final answer = await _asking.post(url, {
        'file_name': 'selfie.zip',
        'smile_client_id': connection.partnerId,
        'partner_params': journey.params.json,
        'model_parameters': const <String, Object?>{},
        'callback_url': journey.callbackUrl,
        'source_sdk': source.sdk,
        'source_sdk_version': source.version,
        ...journey.proof,
        if (options.allowNewEnroll) 'allow_new_enroll': true,
        if (options.useEnrolledImage) 'use_enrolled_image': true,
        if (options.sandboxResult case final code?) 'sandbox_result': code,
        if (journey.challenge case final challenge?) 'challenge_id': challenge.id,
        if (failures.isNotEmpty || _ended.contains(journey.names.jobId)) 'retry': true,
      }, options.cancellation);
      return acceptObject(answer);
    });
    final smileJobId = prepared['smile_job_id'];
    final uploadUrl = switch (prepared['upload_url']) {
      final String text => Uri.tryParse(text),
      _ => null,
    };
    if (uploadUrl == null || !(uploadUrl.isScheme('http') || uploadUrl.isScheme('https')) || smileJobId is! String) {
      throw const AnswerException("the server's answer carries no upload_url or no smile_job_id");
    }
    return (uploadUrl: uploadUrl, smileJobId: smileJobId);
  }

  Uint8List _package(Capture capture, _Journey journey, JsonObject? idInfo, JsonObject? geoInfo) => buildPackage(
    capture,
    PackageDescription(
      language: source.language,
      misc: {
        'smile_client_id': connection.partnerId,
        // A web token proves nothing more here, and stays out of what is stored.
        if (!journey.proof.containsKey('token')) ...journey.proof,
        'callback_url': journey.callbackUrl,
      },
      partnerParams: journey.params.json,
      idInfo: idInfo,
      consentInformation: journey.options.consentInformation,
      geoInfo: geoInfo,
    ),
  );

  Future<void> _upload(Uri url, Uint8List body, _Journey journey) async {
    final _Journey(:challenge, :options) = journey;
    final request = WireRequest(
      method: 'PUT',
      url: url,
      contentType: 'application/zip',
      body: body,
      timeout: connection.uploadTimeout,
      cancellation: options.cancellation,
      onProgress: options.onProgress,
    );
    await withRetry(connection.retry, connection.clock, options.cancellation, (failures) async {
      try {
        accept(await _asking.transport.send(request));
      } on RefusedException catch (error) {
        // An upload URL takes one package. Where an earlier try got no answer, that it is used says that the package
        // arrived.
        if (error.httpStatus == 409 && failures.any((failure) => failure is TransportException)) return;
        // The upload URL of a job with a challenge lives no longer than the challenge.
        if (challenge == null || error.httpStatus != 410) rethrow;
        _ended.add(journey.names.jobId);
        throw ChallengeException(ChallengeFailure.expired, challenge: challenge, cause: error);
      }
    });
  }

  /// The job is under way, whatever the store makes of that: a capture that stays is replaced by the next of its tag.
  Future<void> _tellStore(String tag) async {
    try {
      await captures.submitted(tag);
    } on Exception {
      // Nothing to undo, and no one to tell who could do more.
    }
  }

  /// How the job's status is asked for, where that can be done.
  Future<JsonObject> Function()? _question(_Journey journey) {
    final names = journey.names;
    switch (connection.auth) {
      case ApiKeyAuth():
        return () => jobStatus(
          names.userId,
          names.jobId,
          isProduction: names.isProduction,
          cancellation: journey.options.cancellation,
        );
      case WebTokenAuth(jobStatus: null):
        return null;
      case WebTokenAuth(jobStatus: final relay?):
        return () async {
          try {
            return await relay(names);
          } on SelfsameException {
            rethrow;
          } on Exception catch (cause) {
            throw TransportException("the job's status could not be fetched from the partner's service", cause);
          }
        };
    }
  }
}

Duration _pollingTime(int millis) {
  if (millis < 0) {
    throw const ArgumentException('jobStatusPollingTimeoutMillis must be a number of milliseconds, or 0');
  }
  return millis == 0 ? defaultPolling : Duration(milliseconds: millis);
}
