/** What the capture screen says. Every text can be replaced, e.g. by a translation. */
export interface CaptureTexts {
  readonly starting: string;
  readonly faceInOval: string;
  readonly nowSmile: string;
  readonly thenTurn: string;
  readonly wait: string;
  readonly holdStill: string;
  readonly turnLeft: string;
  readonly turnRight: string;
  readonly turnUp: string;
  readonly lookStraight: string;
  readonly timeUp: string;
  readonly cardFront: string;
  readonly cardBack: string;
  readonly take: string;
  readonly close: string;
  readonly review: string;
  readonly use: string;
  readonly again: string;
}

/** English. */
export const TEXTS: CaptureTexts = {
  starting: 'The camera starts…',
  faceInOval: 'Hold your face in the oval, look straight, then press the button',
  nowSmile: 'Now smile slowly',
  thenTurn: 'Hold your face in the oval and press the button, then turn your head as you are told',
  wait: 'One moment…',
  holdStill: 'Good. Hold still',
  turnLeft: 'Turn your head to your left',
  turnRight: 'Turn your head to your right',
  turnUp: 'Raise your chin',
  lookStraight: 'Look straight at the camera again',
  timeUp: 'The time is over. Press the button, and follow a little faster',
  cardFront: 'Lay the front of the card in the frame, then press the button',
  cardBack: 'Now the back of the card',
  take: 'Take the picture',
  close: 'Close',
  review: 'Is the picture sharp, lit and whole?',
  use: 'Use it',
  again: 'Take it again',
};
