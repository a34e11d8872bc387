import { onLost } from '../camera.ts';
import { CARD, Darkroom } from '../picture.ts';
import { button, buttons, text } from '../view/controls.ts';
import type { Screens } from '../view/screens.ts';
import { Stage } from '../view/stage.ts';
import { Cancelled } from './ending.ts';

/** A side of the card. */
export type Side = 'front' | 'back';

/**
 * Takes a picture of an ID card's side, when the person says so. Gives `lost` where the camera went away, `none` where the card
 * has no such side.
 *
 * @throws `Cancelled`, or what ended it from outside.
 */
export async function takeCard(screens: Screens, stream: MediaStream, side: Side): Promise<Blob | 'lost' | 'none'> {
  const m = screens.messages;
  const stage = new Stage('card', m.previewCard);
  const room = new Darkroom(CARD);
  const choice = screens.ask<'shot' | 'lost' | 'none' | 'cancel'>((answer) => {
    onLost(stream, () => answer('lost'));
    const { video } = stage;
    const shoot = (): void => {
      if (room.expose(video, { width: video.videoWidth, height: video.videoHeight })) answer('shot');
    };
    return {
      name: 'card',
      heading: side === 'front' ? m.frontHeading : m.backHeading,
      content: [
        text(m.cardHint),
        stage.element,
        buttons(
          button(m.shutter, shoot, 'primary'),
          ...(side === 'back' ? [button(m.skipBack, () => answer('none'))] : []),
          button(m.cancel, () => answer('cancel')),
        ),
      ],
    };
  });
  screens.speaker.say(m.cardHint);
  await stage.play(stream);
  const chosen = await choice;
  if (chosen === 'cancel') throw new Cancelled();
  return chosen === 'shot' ? room.develop() : chosen;
}
