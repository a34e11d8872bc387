/// What the capture screen says. Every text can be replaced, e.g. by a translation.
class CaptureTexts {
  /// English, but for what is given.
  const CaptureTexts({
    this.starting = 'The camera starts…',
    this.faceInOval = 'Hold your face in the oval, look straight, then press the button',
    this.nowSmile = 'Now smile slowly',
    this.thenTurn = 'Hold your face in the oval and press the button, then turn your head as you are told',
    this.wait = 'One moment…',
    this.holdStill = 'Good. Hold still',
    this.turnLeft = 'Turn your head to your left',
    this.turnRight = 'Turn your head to your right',
    this.turnUp = 'Raise your chin',
    this.lookStraight = 'Look straight at the camera again',
    this.timeUp = 'The time is over. Press the button, and follow a little faster',
    this.cardFront = 'Lay the front of the card in the frame, then press the button',
    this.cardBack = 'Now the back of the card',
    this.take = 'Take the picture',
    this.close = 'Close',
    this.review = 'Is the picture sharp, lit and whole?',
    this.use = 'Use it',
    this.again = 'Take it again',
  });

  /// Until the camera runs.
  final String starting;

  /// Before the selfie.
  final String faceInOval;

  /// While the frames are taken.
  final String nowSmile;

  /// Before the selfie of a challenge.
  final String thenTurn;

  /// While the challenge is drawn.
  final String wait;

  /// While pictures of a still head are taken.
  final String holdStill;

  /// Asks for a turn to the person's left.
  final String turnLeft;

  /// Asks for a turn to the person's right.
  final String turnRight;

  /// Asks for a raised chin.
  final String turnUp;

  /// After a turn.
  final String lookStraight;

  /// Before the selfie, when the time of a challenge is over.
  final String timeUp;

  /// Before the card's front.
  final String cardFront;

  /// Before the card's back.
  final String cardBack;

  /// The shutter's name.
  final String take;

  /// Names the button that gives up.
  final String close;

  /// Asked of what was taken.
  final String review;

  /// Names the button that keeps what was taken.
  final String use;

  /// Names the button that takes it again.
  final String again;
}
