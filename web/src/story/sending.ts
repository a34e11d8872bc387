import type { JobStatus } from '@selfsame/client';

import type { Images } from '../images.ts';
import { submit, type Submission } from '../submission.ts';
import { button, buttons, text } from '../view/controls.ts';
import { h } from '../view/dom.ts';
import type { Screens } from '../view/screens.ts';
import { Cancelled } from './ending.ts';

/** How it ended: the job's status; or the person wants another capture. */
export type Sent = { readonly status: JobStatus; readonly again: boolean };

/**
 * Sends a capture, with progress, cancel and retry, and shows what came of it.
 *
 * @throws `Cancelled`, or what ended the screens.
 */
export async function send(
  screens: Screens,
  images: Images,
  to: Submission,
  signal: AbortSignal,
  report: { failed: (error: unknown) => void; ended: (status: JobStatus) => void },
): Promise<Sent> {
  for (let again = false; ; again = true) {
    try {
      const status = await attempt(screens, images, to, signal, again);
      report.ended(status);
      return { status, again: await outcome(screens, status) };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (kindOf(error) === 'cancelled') throw new Cancelled();
      report.failed(error);
      await failure(screens, error);
    }
  }
}

async function attempt(screens: Screens, images: Images, to: Submission, gone: AbortSignal, again: boolean): Promise<JobStatus> {
  const m = screens.messages;
  // One signal of two, without AbortSignal.any: it is younger than the browsers that this is built for.
  const stop = new AbortController();
  const leave = (): void => stop.abort(gone.reason);
  gone.addEventListener('abort', leave, { once: true });
  if (gone.aborted) leave();
  const bar = h('progress', { max: 100, value: 0, 'aria-label': m.sending, part: 'progress' });
  const state = text(m.sending);
  screens.show({
    name: 'sending',
    heading: m.sending,
    content: [bar, state, buttons(button(m.cancel, () => stop.abort()))],
  });
  screens.speaker.say(m.sending);
  return submit(images, to, {
    signal: stop.signal,
    again,
    onProgress: (share) => {
      if (share < 1) {
        bar.value = 100 * share;
        return;
      }
      bar.removeAttribute('value');
      if (state.textContent !== m.checking) {
        state.textContent = m.checking;
        screens.speaker.say(m.checking);
      }
    },
  }).finally(() => gone.removeEventListener('abort', leave));
}

async function failure(screens: Screens, error: unknown): Promise<void> {
  const m = screens.messages;
  const help = kindOf(error) === 'transport' ? m.noConnection : m.refused;
  const said = serverText(error);
  screens.speaker.say(help);
  const again = await screens.ask<boolean>((answer) => ({
    name: 'not-sent',
    heading: m.notSent,
    content: [
      text(help, 'alert'),
      ...(said ? [h('p', { part: 'note', lang: 'en', dir: 'ltr' }, said)] : []),
      buttons(button(m.tryAgain, () => answer(true), 'primary'), button(m.cancel, () => answer(false))),
    ],
  }));
  if (!again) throw new Cancelled();
}

/** Shows the result. Gives whether the person wants another try. */
async function outcome(screens: Screens, status: JobStatus): Promise<boolean> {
  const m = screens.messages;
  const kind = !status.jobComplete ? 'received' : status.jobSuccess ? 'passed' : 'notPassed';
  screens.speaker.say(`${m[kind]}. ${m[`${kind}Help`]}`);
  return screens.ask<boolean>((answer) => ({
    name: kind === 'notPassed' ? 'not-passed' : kind,
    heading: m[kind],
    content: [
      text(m[`${kind}Help`]),
      buttons(
        ...(kind === 'notPassed' ? [button(m.tryAgain, () => answer(true), 'primary')] : []),
        button(m.close, () => answer(false), kind === 'notPassed' ? 'secondary' : 'primary'),
      ),
    ],
  }));
}

// By what errors say of themselves, not by their classes: a page may have a copy of the client of its own.
const kindOf = (error: unknown): string => String((error as { kind?: unknown } | undefined)?.kind ?? '');
const serverText = (error: unknown): string => {
  const { serverMessage, code } = (error ?? {}) as { serverMessage?: unknown; code?: unknown };
  return typeof serverMessage === 'string' && serverMessage !== '' ? `${serverMessage} (${String(code)})` : '';
};
