import '../client/challenge.dart';
import 'capture_texts.dart';

/// What is said, and how long after it a picture is taken. The camera's own time comes on top.
typedef Prompt = ({String text, HeadTurn? turn, Duration wait});

/// A challenge as prompts, one for each frame: the head at rest, then for each turn on the way, fully turned (twice)
/// and back. Nothing here sees the head: the pauses leave a person time to read, to turn and to come back, and the
/// server judges.
List<Prompt> prompts(List<HeadTurn> turns, CaptureTexts texts) {
  final rest = (text: texts.holdStill, turn: null, wait: const Duration(milliseconds: 300));
  String asked(HeadTurn turn) => switch (turn) {
    HeadTurn.left => texts.turnLeft,
    HeadTurn.right => texts.turnRight,
    HeadTurn.up => texts.turnUp,
  };
  return [
    rest,
    rest,
    for (final turn in turns) ...[
      (text: asked(turn), turn: turn, wait: const Duration(milliseconds: 1100)),
      (text: asked(turn), turn: turn, wait: const Duration(milliseconds: 1200)),
      (text: texts.holdStill, turn: turn, wait: const Duration(milliseconds: 400)),
      (text: texts.lookStraight, turn: null, wait: const Duration(milliseconds: 1700)),
    ],
  ];
}
