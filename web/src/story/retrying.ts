import { button, buttons, text } from '../view/controls.ts';
import { h } from '../view/dom.ts';
import type { Screens } from '../view/screens.ts';
import { Cancelled } from './ending.ts';

/** Says that a capture could not be sent, and waits until the person wants to try again. Throws `Cancelled` where they do not. */
export const notSent = (screens: Screens, error: unknown): Promise<void> => failure(screens, 'not-sent', screens.messages.notSent, error);

/** The same before a capture, whose challenge could not be drawn. */
export const notBegun = (screens: Screens, error: unknown): Promise<void> => failure(screens, 'not-begun', screens.messages.notBegun, error);

/** Says that a challenge's time is over. */
export const timeUp = (screens: Screens): Promise<void> => retry(screens, 'time-up', screens.messages.timeUp, screens.messages.timeUpHelp, '');

function failure(screens: Screens, name: string, heading: string, error: unknown): Promise<void> {
  const m = screens.messages;
  return retry(screens, name, heading, kindOf(error) === 'transport' ? m.noConnection : m.refused, serverText(error));
}

async function retry(screens: Screens, name: string, heading: string, help: string, said: string): Promise<void> {
  const m = screens.messages;
  screens.speaker.say(help);
  const again = await screens.ask<boolean>((answer) => ({
    name,
    heading,
    content: [
      text(help, 'alert'),
      ...(said ? [h('p', { part: 'note', lang: 'en', dir: 'ltr' }, said)] : []),
      buttons(button(m.tryAgain, () => answer(true), 'primary'), button(m.cancel, () => answer(false))),
    ],
  }));
  if (!again) throw new Cancelled();
}

// By what errors say of themselves, not by their classes: a page may have a copy of the client of its own.
/** What kind of error of the client this is; empty for others. */
export const kindOf = (error: unknown): string => String((error as { kind?: unknown } | undefined)?.kind ?? '');

const serverText = (error: unknown): string => {
  const { serverMessage, code } = (error ?? {}) as { serverMessage?: unknown; code?: unknown };
  return typeof serverMessage === 'string' && serverMessage !== '' ? `${serverMessage} (${String(code)})` : '';
};
