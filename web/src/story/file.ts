import type { Finder } from '../engine/finder.ts';
import { fromFile, type Darkroom } from '../picture.ts';
import { button, buttons, fileButton, text } from '../view/controls.ts';
import type { Screens } from '../view/screens.ts';
import { Cancelled } from './ending.ts';

/**
 * Reads a picture from the file chosen, or from another where that does not do. A selfie must show one face; without an engine
 * the server judges that.
 *
 * @throws `Cancelled`, or what ended the screens.
 */
export async function readFile(screens: Screens, chosen: File, faces: Promise<Finder | undefined> | undefined): Promise<Blob> {
  const m = screens.messages;
  for (let file = chosen; ; ) {
    const room = await fromFile(file).catch(() => undefined);
    const wrong = !room ? m.fileUnreadable : (await oneFace(room, await faces)) ? undefined : m.fileNoFace;
    if (room && !wrong) return room.develop();
    screens.speaker.say(wrong ?? '');
    const next = await screens.ask<File | 'cancel'>((answer) => ({
      name: 'file',
      heading: m.upload,
      content: [text(wrong ?? '', 'alert'), fileButton(m.tryAgain, answer), buttons(button(m.cancel, () => answer('cancel')))],
    }));
    if (next === 'cancel') throw new Cancelled();
    file = next;
  }
}

async function oneFace(room: Darkroom, engine: Finder | undefined): Promise<boolean> {
  const picture = room.small();
  if (!engine || !picture) return true;
  return (await engine.look(picture)).faces.length === 1;
}
