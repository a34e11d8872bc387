import 'cancellation.dart';
import 'clock.dart';
import 'errors.dart';
import 'job_status.dart';
import 'json.dart';
import 'retry.dart';

/// How long a job is followed when the caller sets no time.
const defaultPolling = Duration(minutes: 1);

const _firstPause = Duration(milliseconds: 100);
const _longestPause = Duration(seconds: 2);

/// Asks for a job's status until the job has ended or the time has passed, and gives the last status; [unanswered]
/// where no question was answered.
///
/// The first question goes out at once; the pauses double from 100 ms to 2 s. No question is asked after the time has
/// passed. A question that fails for a passing reason counts as one without news: the job was submitted, and ends all
/// the same.
Future<JobStatus> follow(
  Future<JsonObject> Function() ask,
  JsonObject unanswered,
  Duration wait,
  Clock clock,
  Cancellation? cancellation,
) async {
  final until = clock.now().add(wait);
  var last = JobStatus(unanswered);
  for (var pause = _firstPause; ; pause = pause * 2 < _longestPause ? pause * 2 : _longestPause) {
    var next = pause;
    try {
      last = JobStatus(await ask());
    } on SelfsameException catch (error) {
      if (!isTransient(error)) rethrow;
      next = pauseAfter(error, pause);
    }
    if (last.jobComplete || clock.now().add(next).isAfter(until)) return last;
    await clock.sleep(next, cancellation);
  }
}
