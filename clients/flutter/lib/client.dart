/// The client beneath `SmileFlutter`, in pure Dart: for tests and services without Flutter.
library;

export 'src/client/callback.dart' show CallbackVerifier;
export 'src/client/cancellation.dart' show Cancellation;
export 'src/client/capture.dart' show Capture, CaptureStore;
export 'src/client/challenge.dart' show Challenge, HeadTurn;
export 'src/client/client.dart' show Client;
export 'src/client/clock.dart' show Clock, SystemClock;
export 'src/client/connection.dart'
    show ApiKeyAuth, Auth, Connection, JobNames, Source, SubmitOptions, WebTokenAuth;
export 'src/client/errors.dart'
    show
        AnswerException,
        ArgumentException,
        CancelledException,
        CaptureException,
        CaptureFailure,
        ChallengeException,
        ChallengeFailure,
        DistrustReason,
        ErrorKind,
        RefusedException,
        SelfsameException,
        TransportException,
        UnknownTagException,
        UntrustedException;
export 'src/client/http_transport.dart' show HttpTransport;
export 'src/client/id_info.dart' show ConsentInformation, IdInfo;
export 'src/client/job_result.dart' show JobResult, ResultFields;
export 'src/client/job_status.dart' show JobStatus;
export 'src/client/json.dart' show JsonObject;
export 'src/client/lookup.dart' show Lookup;
export 'src/client/names.dart' show ResultAction, ResultCode;
export 'src/client/package.dart' show PackageDescription, buildPackage;
export 'src/client/retry.dart' show RetryPolicy;
export 'src/client/services.dart' show OfferedBank, OfferedCountry, OfferedIdType, ProductsConfig, Services;
export 'src/client/signature.dart' show sign, verify, verifySigned;
export 'src/client/submission.dart' show GeoInfo, JobType;
export 'src/client/timestamp.dart' show TimestampWindow, checkWindow, formatTimestamp;
export 'src/client/transport.dart' show Transport, WireAnswer, WireRequest;
export 'src/client/web_token.dart' show challengeIn;
export 'src/client/webhook.dart' show webhookSecret;
export 'src/files/file_captures.dart' show FileCaptures;
