import { Client } from '@selfsame/client';

import { agreement } from '../identity.ts';
import { Cancelled } from '../story/ending.ts';
import { askFor } from '../story/identity.ts';
import { kindOf, notSent } from '../story/retrying.ts';
import type { Submission } from '../submission.ts';
import { text } from '../view/controls.ts';
import type { Screens } from '../view/screens.ts';

/**
 * Asks for the ID number and has it looked up, without a selfie. The result comes to the partner only.
 *
 * @throws `Cancelled`, or what ended the screens.
 */
export async function lookUp(to: Submission, screens: Screens, signal: AbortSignal, failed: (error: unknown) => void): Promise<void> {
  const { webToken } = to;
  const auth = { webToken: typeof webToken === 'string' ? () => webToken : webToken };
  const lookup = new Client({ server: to.server, partnerId: to.partnerId, auth }).lookup(to.isProduction ?? false);
  const identity = await askFor('enhanced_kyc', to, { screens, signal, before: undefined, policy: undefined, failed });
  const { idInfo, consentInformation = agreement() } = identity;
  for (;;) {
    const m = screens.messages;
    screens.show({ name: 'sending', heading: m.sending, content: [text(m.hintWait)] });
    try {
      await lookup.asyncIdVerification({}, idInfo, '', { signal, consentInformation });
      return;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (kindOf(error) === 'cancelled') throw new Cancelled();
      failed(error);
      await notSent(screens, error);
    }
  }
}
