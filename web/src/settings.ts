import type { IdInfo } from '@selfsame/client';

import type { EngineFiles } from './engine/finder.ts';
import type { Step } from './story/capture.ts';
import type { Submission } from './submission.ts';

/** The attributes that the component reads. Each is also described in the README. */
export const ATTRIBUTES = [
  'capture', 'lang', 'theme', 'autostart', 'no-files', 'assets', 'model',
  'server', 'partner-id', 'user-id', 'job-id', 'job-type', 'token', 'challenge', 'production', 'callback-url',
  'country', 'id-type', 'id-number', 'privacy-policy',
] as const;

/** `capture="selfie"` (default), `"id-card"`, `"id-card-front"`, or several of them, in order. */
export function stepsOf(element: Element): Step[] {
  const words = (element.getAttribute('capture') ?? 'selfie').split(/\s+/).filter((word) => word !== '');
  const steps = words.flatMap((word): Step[] => {
    switch (word) {
      case 'selfie':
        return ['selfie'];
      case 'id-card':
        return ['front', 'back'];
      case 'id-card-front':
        return ['front'];
      default:
        throw new TypeError(`selfsame-capture: capture="${word}" is not known: selfie, id-card or id-card-front`);
    }
  });
  return steps.length > 0 ? steps : ['selfie'];
}

/** Where the engine is: beside this script, unless `assets` names another folder; the model there too, unless `model` does. */
export function filesOf(element: Element): EngineFiles {
  const base = new URL(element.getAttribute('assets') ?? '.', element.hasAttribute('assets') ? document.baseURI : import.meta.url);
  const folder = base.href.endsWith('/') ? base : new URL(`${base.href}/`);
  const model = element.getAttribute('model');
  return {
    worker: new URL('selfsame-engine.js', folder).href,
    wasm: new URL('engine.wasm', folder).href,
    model: model === null ? new URL('detector.onnx', folder).href : new URL(model, document.baseURI).href,
  };
}

/** The languages to choose from: the element's own, then the nearest ancestor's, then the browser's. */
export function languagesOf(element: Element): string[] {
  const near = element.closest('[lang]')?.getAttribute('lang');
  return [...(near ? [near] : []), ...navigator.languages];
}

/** A submission told by attributes; `undefined` where they do not tell one. */
export function submissionOf(element: Element): Submission | undefined {
  const of = (name: string): string | undefined => element.getAttribute(name) ?? undefined;
  const [server, partnerId, webToken, jobType] = [of('server'), of('partner-id'), of('token'), of('job-type')];
  const [userId, jobId, callbackUrl] = [of('user-id'), of('job-id'), of('callback-url')];
  if (!server || !partnerId || !webToken || !jobType || !userId || !jobId) return undefined;
  return {
    server,
    partnerId,
    webToken,
    jobType: Number(jobType),
    userId,
    jobId,
    isProduction: element.hasAttribute('production'),
    challenge: element.hasAttribute('challenge'),
    ...(callbackUrl && { callbackUrl }),
    idInfo: idInfoOf(element),
  };
}

/** Who the person is, as far as attributes say. */
function idInfoOf(element: Element): IdInfo {
  const [country, idType, idNumber] = ['country', 'id-type', 'id-number'].map((name) => element.getAttribute(name)?.trim());
  return { ...(country && { country }), ...(idType && { id_type: idType }), ...(idNumber && { id_number: idNumber }) };
}

/** Where the partner says what becomes of personal data: a web address, or nothing. */
export function policyOf(element: Element): string | undefined {
  const said = element.getAttribute('privacy-policy');
  if (!said) return undefined;
  const url = new URL(said, document.baseURI);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new TypeError('selfsame-capture: privacy-policy must be an https address');
  }
  return url.href;
}
