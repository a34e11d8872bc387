/// Selfie authentication in Flutter: capture a selfie and ID card images under a tag, submit a job with that tag, read
/// the result. Begin at `SmileFlutter`.
library;

export 'client.dart';
export 'src/capture/capture_request.dart' show IdCardOptions, SelfieOptions;
export 'src/capture/capture_texts.dart' show CaptureTexts;
export 'src/mobile_calls.dart' show CapturedTag;
export 'src/smile_flutter.dart' show SmileFlutter;
