import 'errors.dart';

/// How far a signed timestamp may lie from the clock. By default what the server grants its clients, too.
class TimestampWindow {
  /// An hour back, five minutes ahead, unless it is told otherwise.
  const TimestampWindow({this.past = const Duration(hours: 1), this.future = const Duration(minutes: 5)});

  /// How old it may be.
  final Duration past;

  /// How far ahead it may be.
  final Duration future;
}

/// A moment as the wire writes it: ISO 8601, UTC, milliseconds.
String formatTimestamp(DateTime moment) =>
    DateTime.fromMillisecondsSinceEpoch(moment.millisecondsSinceEpoch, isUtc: true).toIso8601String();

final _iso = RegExp(
  r'^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?(Z|([+-])(\d{2}):?(\d{2}))$',
  caseSensitive: false,
);

/// Seconds reach this number in the year 5138; milliseconds passed it in 1973.
const _firstMillis = 100000000000;

/// The largest number of milliseconds that [DateTime] takes.
const _lastMillis = 8640000000000000;

/// Reads a timestamp as servers and clients write it: ISO 8601 with an offset, or Unix seconds or milliseconds.
///
/// Null where it is no timestamp.
DateTime? parseTimestamp(String text) {
  if (RegExp(r'^[+-]?\d+$').hasMatch(text)) {
    final number = int.tryParse(text);
    if (number == null || number.abs() > _lastMillis) return null;
    final millis = number.abs() < _firstMillis ? number * 1000 : number;
    return DateTime.fromMillisecondsSinceEpoch(millis, isUtc: true);
  }
  final parts = _iso.firstMatch(text);
  if (parts == null) return null;
  int part(int group) => int.parse(parts.group(group) ?? '0');
  final millis = int.parse((parts.group(7) ?? '0').padRight(3, '0').substring(0, 3));
  final local = DateTime.utc(part(1), part(2), part(3), part(4), part(5), part(6), millis);
  // DateTime carries what is out of range over, e.g. a thirteenth month into the next year.
  final carried = local.month != part(2) || local.day != part(3) || local.hour != part(4) || local.minute != part(5);
  if (carried || local.second != part(6) || part(10) > 23 || part(11) > 59) return null;
  final offset = Duration(hours: part(10), minutes: part(11));
  return parts.group(9) == '-' ? local.add(offset) : local.subtract(offset);
}

/// Checks a timestamp against a clock.
///
/// Throws [UntrustedException]: unreadable, stale or from the future.
void checkWindow(String timestamp, DateTime now, [TimestampWindow window = const TimestampWindow()]) {
  final at = parseTimestamp(timestamp);
  if (at == null) {
    throw const UntrustedException(
      DistrustReason.unreadable,
      'the timestamp cannot be read; ISO 8601 with an offset is wanted',
    );
  }
  // Whole seconds count, as at the server.
  final age = now.difference(at).inSeconds;
  if (age > window.past.inSeconds) {
    throw const UntrustedException(DistrustReason.stale, 'the timestamp is too old; check the clock');
  }
  if (age < -window.future.inSeconds) {
    throw const UntrustedException(DistrustReason.future, 'the timestamp lies in the future; check the clock');
  }
}
