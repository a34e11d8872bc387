import 'dart:async';

import 'cancellation.dart';
import 'clock.dart';
import 'errors.dart';
import 'json.dart';
import 'retry.dart';
import 'transport.dart';

/// The job that a web token is wanted for. The names are what the app said, or made: a partner's service puts its own
/// into the token, and those count.
class JobNames {
  /// Takes the names as they are sent.
  const JobNames({required this.userId, required this.jobId, required this.jobType, required this.isProduction});

  /// The partner's name of the person.
  final String userId;

  /// The partner's name of the job.
  final String jobId;

  /// What is asked for.
  final int jobType;

  /// Production rather than the sandbox.
  final bool isProduction;

  /// For the request to the partner's own service: `userId`, `jobId`, `jobType`, `isProduction`.
  JsonObject toJson() => {'userId': userId, 'jobId': jobId, 'jobType': jobType, 'isProduction': isProduction};
}

/// How requests prove whose they are.
sealed class Auth {
  /// There are two: by API key, and by web token.
  const Auth();
}

/// The partner's API key: for tests and for services in Dart, never for an app that others install.
final class ApiKeyAuth extends Auth {
  /// One key for each environment that is used.
  const ApiKeyAuth({this.sandbox, this.production});

  /// The sandbox's key.
  final String? sandbox;

  /// Production's key.
  final String? production;

  /// The key of an environment.
  ///
  /// Throws [ArgumentException] where there is none.
  String of({required bool isProduction}) {
    final key = isProduction ? production : sandbox;
    if (key == null || key.isEmpty) {
      throw ArgumentException('this call needs the API key of the ${isProduction ? 'production' : 'sandbox'}');
    }
    return key;
  }
}

/// A short-lived web token: for apps. The partner's own service asks `/v1/token` for it, with its API key.
final class WebTokenAuth extends Auth {
  /// [jobStatus] may be left out: then a submitted job's status says `job_complete: false`, and the rest comes to the
  /// callback.
  const WebTokenAuth({required this.webToken, this.jobStatus});

  /// Gets a token for a job from the partner's own service.
  final FutureOr<String> Function(JobNames job) webToken;

  /// Gets a job's status from the partner's own service, which asks `/v1/job_status` and hands the answer on: the
  /// server tells the status to holders of the API key only.
  final FutureOr<JsonObject> Function(JobNames job)? jobStatus;
}

/// What requests and packages say of the software that made them.
class Source {
  /// Takes the wire's `source_sdk`, `source_sdk_version` and `language`.
  const Source({required this.sdk, required this.version, required this.language});

  /// `source_sdk`.
  final String sdk;

  /// `source_sdk_version`.
  final String version;

  /// `language` in a package.
  final String language;
}

/// Which server, as whom.
class Connection {
  /// Throws [ArgumentException] where the server's URL is none.
  Connection({
    required this.server,
    required this.partnerId,
    required this.auth,
    this.retry = const RetryPolicy(),
    this.requestTimeout = const Duration(seconds: 30),
    this.uploadTimeout = const Duration(minutes: 5),
    this.transport,
    this.clock = const SystemClock(),
  }) {
    final url = Uri.tryParse(server);
    final isHttp = url != null && (url.isScheme('http') || url.isScheme('https'));
    if (!isHttp || url.host.isEmpty || url.hasQuery || url.hasFragment) {
      throw const ArgumentException(
        'server must be an http or https URL without a query, e.g. https://faces.example.com',
      );
    }
  }

  /// The server's base URL, without a version, e.g. `https://faces.example.com`.
  final String server;

  /// The partner.
  final String partnerId;

  /// How requests prove whose they are.
  final Auth auth;

  /// Tries on a broken network or a busy server.
  final RetryPolicy retry;

  /// How long one request may take.
  final Duration requestTimeout;

  /// How long one try of the upload may take.
  final Duration uploadTimeout;

  /// Carries requests. Default: `dart:io`'s HTTP client.
  final Transport? transport;

  /// Tells the time.
  final Clock clock;

  /// The base URL of an environment's calls.
  String base({required bool isProduction}) => '${root(isProduction: isProduction)}/v1';

  /// The same without the API's version.
  String root({required bool isProduction}) =>
      '${server.replaceFirst(RegExp(r'/+$'), '')}/${isProduction ? 'production' : 'sandbox'}';
}

/// What may be said of one submission beside the mobile call's arguments.
class SubmitOptions {
  /// All may be left out.
  const SubmitOptions({
    this.cancellation,
    this.onProgress,
    this.allowNewEnroll = false,
    this.useEnrolledImage = false,
    this.consentInformation,
    this.sandboxResult,
  });

  /// Cancels: the future ends with `CancelledException`. What had been sent stays sent.
  final Cancellation? cancellation;

  /// Told how far the package's upload is, in bytes. A try that failed begins again at the start.
  final void Function(int sent, int total)? onProgress;

  /// A person who is enrolled already may enrol again.
  final bool allowNewEnroll;

  /// Use the photo on file, for the job types that can.
  final bool useEnrolledImage;

  /// What the person agreed to, where an ID type needs that: it goes along with the ID information; see
  /// `ConsentInformation.toJson`.
  final JsonObject? consentInformation;

  /// Sandbox only: the result code to force.
  final String? sandboxResult;
}
