import { button, buttons } from '../view/controls.ts';
import { h } from '../view/dom.ts';
import type { Screens } from '../view/screens.ts';

/** How a picture under review looks: a selfie as in a mirror, a card as it is, a file uncut. */
export type Likeness = 'selfie' | 'card' | 'file';

/** Shows a picture and asks whether it will do. */
export async function review(screens: Screens, image: Blob, likeness: Likeness, of: 'selfie' | 'card'): Promise<boolean> {
  const m = screens.messages;
  const url = URL.createObjectURL(image);
  try {
    return await screens.ask<boolean>((answer) => ({
      name: 'review',
      heading: of === 'selfie' ? m.reviewSelfie : m.reviewCard,
      content: [
        h('img', { src: url, alt: of === 'selfie' ? m.selfieAlt : m.cardAlt, class: `still ${of} ${likeness}`, part: 'still' }),
        buttons(button(m.accept, () => answer(true), 'primary'), button(m.retake, () => answer(false))),
      ],
    }));
  } finally {
    URL.revokeObjectURL(url);
  }
}
