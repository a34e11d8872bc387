import { ResultCode, type JobStatus } from '@selfsame/client';

import type { Images } from '../images.ts';
import type { Messages } from '../messages/index.ts';
import { submit, type Submission } from '../submission.ts';
import { button, buttons, text } from '../view/controls.ts';
import { h } from '../view/dom.ts';
import type { Screens } from '../view/screens.ts';
import { Cancelled } from './ending.ts';
import { kindOf, notSent, timeUp } from './retrying.ts';

/** How it ended: whether the person is to be captured anew. */
export type Sent = { readonly again: boolean };

/**
 * Sends a capture, with progress, cancel and retry, and shows what came of it.
 *
 * @param begun The job may have been begun before, with a capture whose challenge ended.
 * @throws `Cancelled`, or what ended the screens.
 */
export async function send(
  screens: Screens,
  images: Images,
  to: Submission,
  signal: AbortSignal,
  report: { failed: (error: unknown) => void; ended: (status: JobStatus) => void },
  begun = false,
): Promise<Sent> {
  for (let again = begun; ; again = true) {
    try {
      const status = await attempt(screens, images, to, signal, again);
      report.ended(status);
      return { again: await outcome(screens, status) };
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (kindOf(error) === 'cancelled') throw new Cancelled();
      report.failed(error);
      if (kindOf(error) === 'challenge') {
        // What was captured follows no challenge that still stands; or none, where one is wanted.
        if ((error as { reason?: unknown }).reason === 'missing') screens.speaker.say(screens.messages.turnIntro);
        else await timeUp(screens);
        return { again: true };
      }
      await notSent(screens, error);
    }
  }
}

/** What is said of a lookup that gave no record: better light would not help. */
const IDENTITY: Readonly<Record<string, (m: Messages) => string>> = {
  [ResultCode.IdNotFound]: (m) => m.idUnknown,
  [ResultCode.IdMalformed]: (m) => m.idUnknown,
  [ResultCode.IdAuthorityUnavailable]: (m) => m.authorityAway,
  [ResultCode.IdTypeNotEnabled]: (m) => m.idNotOffered,
};

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

/** Shows the result. Gives whether the person wants another try. */
async function outcome(screens: Screens, status: JobStatus): Promise<boolean> {
  const m = screens.messages;
  const kind = !status.jobComplete ? 'received' : status.jobSuccess ? 'passed' : 'notPassed';
  const help = (!status.jobSuccess && IDENTITY[status.resultCode ?? '']?.(m)) || m[`${kind}Help`];
  screens.speaker.say(`${m[kind]}. ${help}`);
  return screens.ask<boolean>((answer) => ({
    name: kind === 'notPassed' ? 'not-passed' : kind,
    heading: m[kind],
    content: [
      text(help),
      ...(status.challengeFailure ? [text(m.turnIntro)] : []),
      buttons(
        ...(kind === 'notPassed' ? [button(m.tryAgain, () => answer(true), 'primary')] : []),
        button(m.close, () => answer(false), kind === 'notPassed' ? 'secondary' : 'primary'),
      ),
    ],
  }));
}
