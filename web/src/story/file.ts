import type { Finder } from '../engine/finder.ts';
import { fromFile, type Darkroom } from '../picture.ts';
import { button, buttons, fileButton, text } from '../view/controls.ts';
import type { Screens } from '../view/screens.ts';
import { Cancelled } from './ending.ts';

/** How long a file waits for the engine, in milliseconds. Without it the server judges. */
const PATIENCE = 5000;

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
    const wrong = !room ? m.fileUnreadable : (await oneFace(room, faces)) ? undefined : m.fileNoFace;
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

/** Whether a picture shows one face, as far as the engine can tell. */
async function oneFace(room: Darkroom, faces: Promise<Finder | undefined> | undefined): Promise<boolean> {
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE));
  const engine = await Promise.race([faces, late]);
  const picture = room.small();
  if (!engine?.running || !picture) return true;
  // An engine that fails now says no more than one that is not there.
  const look = await engine.look(picture).catch(() => undefined);
  return !look || look.faces.length === 1;
}
