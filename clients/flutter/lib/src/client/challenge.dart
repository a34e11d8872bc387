import 'json.dart';

/// A turn of the head. Left and right are the person's own.
enum HeadTurn {
  /// To the person's left.
  left,

  /// To the person's right.
  right,

  /// The chin raised.
  up,
}

/// Head turns that the server drew for one capture. Nobody but the server chooses the turns: it looks them up by the
/// id.
class Challenge {
  const Challenge._(this.id, this.turns, this.expiresAt, this.seconds);

  /// A challenge as the wire has it, e.g. from the partner's own service. Null where it is none, or holds a turn that
  /// this client cannot guide.
  static Challenge? read(Object? json) {
    if (json is! JsonObject) return null;
    final id = json['id'], expiresAt = json['expires_at'], seconds = json['seconds'], list = json['turns'];
    if (id is! String || id.isEmpty || expiresAt is! String || list is! List<Object?>) return null;
    if (seconds != null && (seconds is! num || seconds < 0)) return null;
    final turns = [
      for (final name in list) HeadTurn.values.where((turn) => turn.name == name).firstOrNull,
    ].nonNulls.toList(growable: false);
    // More than four turns, four frames each, a capture has no room for.
    if (turns.length != list.length || turns.isEmpty || turns.length > 4) return null;
    return Challenge._(id, turns, expiresAt, seconds as num?);
  }

  /// Names it to the server. Good for one job of one user.
  final String id;

  /// One to four, in order.
  final List<HeadTurn> turns;

  /// When it ends, by the server's clock; ISO 8601.
  final String expiresAt;

  /// How long it lives, in seconds from when it was drawn; null where the server does not say.
  final num? seconds;

  /// How long it lives from when it was drawn. Where the server says only when it ends, by the device's clock, unless
  /// that is plainly wrong.
  Duration life(DateTime drawnAt) {
    if (seconds case final seconds?) return Duration(milliseconds: (seconds * 1000).round());
    final left = DateTime.tryParse(expiresAt)?.difference(drawnAt) ?? Duration.zero;
    // The longest life that a server's policy gives, and the usual one.
    return left > Duration.zero && left <= const Duration(minutes: 10) ? left : const Duration(minutes: 2);
  }

  /// As the wire has it.
  JsonObject toJson() => {
    'id': id,
    'turns': [for (final turn in turns) turn.name],
    'expires_at': expiresAt,
    if (seconds != null) 'seconds': seconds,
  };
}
