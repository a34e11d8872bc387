import { CARD, Darkroom } from '../picture.ts';
import { button, buttons, text } from '../view/controls.ts';
import type { Screens } from '../view/screens.ts';
import { Cancelled } from './ending.ts';
import { Viewing, type Loss } from './viewing.ts';

/** A side of the card. */
export type Side = 'front' | 'back';

/** Between two looks at whether the camera goes on, in milliseconds. */
const GAP = 100;

/**
 * Takes a picture of an ID card's side, when the person says so: one that the camera gives after that. Gives how the camera was
 * lost, or `none` where the card has no such side.
 *
 * @throws `Cancelled`, or what ended it from outside.
 */
export async function takeCard(screens: Screens, stream: MediaStream, side: Side, signal: AbortSignal): Promise<Blob | Loss | 'none'> {
  const m = screens.messages;
  const room = new Darkroom(CARD);
  let chosen: 'shot' | 'none' | undefined;
  const viewing = new Viewing('card', screens, stream, room, () => (chosen = 'shot'), signal);
  screens.show({
    name: 'card',
    heading: side === 'front' ? m.frontHeading : m.backHeading,
    content: [
      text(m.cardHint),
      viewing.stage.element,
      buttons(
        viewing.resume,
        viewing.shutter,
        ...(side === 'back' ? [button(m.skipBack, () => (chosen = 'none'))] : []),
        button(m.cancel, () => viewing.end(new Cancelled())),
      ),
    ],
  });
  screens.speaker.say(m.cardHint);
  try {
    for (;;) {
      const wanted = chosen;
      const arrival = await viewing.next();
      if (arrival === 'lost' || arrival === 'stalled') return arrival;
      // What was pressed before a pause is not what the person now shows.
      if (arrival === 'paused' && chosen === 'shot') chosen = undefined;
      if (chosen === 'none') return chosen;
      if (arrival !== 'picture') continue;
      viewing.stage.hint('', true);
      if (wanted === 'shot') return room.develop();
      await new Promise((resolve) => setTimeout(resolve, chosen ? 0 : GAP));
    }
  } finally {
    viewing.close();
  }
}
