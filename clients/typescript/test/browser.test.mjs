// The client in a real browser, against the real server: no API key in the page, uploads with progress and cancel.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { Client } from '@selfsame/client';
import { build } from 'esbuild';

import { launch, whyNoBrowser } from './support/chromium.mjs';
import { pageServer } from './support/page-server.mjs';
import { photographs, realServer, whyNot } from './support/real-server.mjs';
import { vectors } from './support/vectors.mjs';

const PAGE = '<!doctype html><meta charset="utf-8"><title>partner</title><script type="module" src="/page.js"></script>';
const SCRIPT = `
  import * as selfsame from '@selfsame/client';
  const post = async (path, body) => (await fetch(path, { method: 'POST', body: JSON.stringify(body) })).json();
  Object.assign(globalThis, { selfsame, newClient: async (photos) => {
    const client = new selfsame.Client({
      server: location.origin,
      partnerId: '2343',
      auth: { webToken: async (job) => (await post('/partner/token', job)).token, jobStatus: (job) => post('/partner/status', job) },
    });
    for (const name of photos) {
      const photo = await (await fetch('/photo/' + name)).arrayBuffer();
      client.captures.keepSelfie(name, photo);
    }
    return client;
  } });
  document.title = 'ready';
`;

// This stands in for a service whose users are who they say they are.
const PRODUCT = { 2: 'authentication', 4: 'smartselfie' };

describe('in Chromium', { skip: whyNot() || whyNoBrowser() }, () => {
  let server, site, browser, page;
  before(async () => {
    server = await realServer();
    const service = new Client({ server: server.url, partnerId: server.partnerId, auth: { apiKey: server.apiKey } });
    const bundle = await build({
      stdin: { contents: SCRIPT, resolveDir: import.meta.dirname ?? new URL('.', import.meta.url).pathname },
      bundle: true,
      format: 'esm',
      write: false,
    });
    const photos = Object.entries(photographs()).map(([name, bytes]) => [`/photo/${name}`, ['image/jpeg', bytes]]);
    site = await pageServer({
      upstream: server.url,
      files: {
        '/': ['text/html', PAGE],
        '/page.js': ['text/javascript', bundle.outputFiles[0].contents],
        ...Object.fromEntries(photos),
      },
      routes: {
        '/partner/token': async (job) => ({ token: await service.webToken(job.userId, job.jobId, job.isProduction, PRODUCT[job.jobType]) }),
        '/partner/status': (job) => service.jobStatus(job.userId, job.jobId, job.isProduction),
      },
    });
    browser = await launch();
    page = await browser.newPage();
    // The usual half minute is short on a busy machine.
    page.setDefaultTimeout(120_000);
    await page.goto(site.url);
    await page.waitForFunction(() => document.title === 'ready');
  });
  after(async () => {
    await browser?.close();
    await site?.close();
    await server?.close();
  });

  test('signatures are the contract’s', async () => {
    const cases = vectors('signatures').signatures;
    const valid = await page.evaluate(
      (list) => list.map((v) => selfsame.verify(v.api_key, v.partner_id, v.timestamp, v.signature)),
      cases,
    );
    assert.deepEqual(valid, cases.map((v) => v.valid));
  });

  test('register, authenticate, refuse another face, with progress', async () => {
    const codes = await page.evaluate(async (user_id) => {
      const client = await newClient(['obama', 'obama2', 'biden']);
      const found = [];
      for (const [tag, type] of [['obama', 4], ['obama2', 2], ['biden', 2]]) {
        const seen = [];
        const onProgress = (p) => seen.push(p);
        const status = await client.submitJob(tag, type, false, { user_id }, {}, {}, '', 0, { onProgress });
        const last = seen.at(-1);
        found.push([status.resultCode, status.jobSuccess, last !== undefined && last.sent === last.total]);
      }
      return found;
    }, randomUUID());
    assert.deepEqual(codes, [['0840', true, true], ['0820', true, true], ['0821', false, true]]);
  });

  test('where there is no XMLHttpRequest, as in a service worker, the upload arrives whole', async () => {
    const [code, seen] = await page.evaluate(async (user_id) => {
      const real = XMLHttpRequest;
      delete globalThis.XMLHttpRequest;
      try {
        const client = await newClient(['obama']);
        const seen = [];
        const status = await client.submitJob('obama', 4, false, { user_id }, {}, {}, '', 0, { onProgress: (p) => seen.push(p) });
        return [status.resultCode, seen.map(({ sent, total }) => sent === total && total > 10_000)];
      } finally {
        globalThis.XMLHttpRequest = real;
      }
    }, randomUUID());
    assert.deepEqual([code, seen], ['0840', [true]]);
  });

  test('an upload is cancelled, and an error keeps its code', async () => {
    const kinds = await page.evaluate(async () => {
      const client = await newClient(['obama']);
      const kindOf = (promise) => promise.then(() => 'none', (error) => error.code ?? error.kind);
      const stop = new AbortController();
      const options = { signal: stop.signal, onProgress: () => stop.abort() };
      stop.signal.addEventListener('abort', () => (globalThis.aborted = true));
      return [
        await kindOf(client.submitJob('obama', 4, false, {}, {}, {}, '', 0, { signal: AbortSignal.abort() })),
        await kindOf(client.submitJob('obama', 4, false, {}, {}, {}, '', 0, options)),
        await kindOf(client.submitJob('obama', 2, false, {})),
        await kindOf(client.submitJob('nothing', 2, false, {})),
      ];
    });
    assert.deepEqual(kinds, ['cancelled', 'cancelled', '2210', 'unknown_tag']);
  });

  test('a server that cannot be reached is a transport error', async () => {
    const kind = await page.evaluate(() => {
      const photo = new Uint8Array([0xff, 0xd8, 0xff, 0xe0]);
      const auth = { webToken: () => 'T' };
      const client = new selfsame.Client({ server: 'http://127.0.0.1:9', partnerId: 'p', auth, retry: { attempts: 1 } });
      client.captures.keepSelfie('t', photo);
      return client.submitJob('t', 2, false).then(() => 'none', (error) => error.kind);
    });
    assert.equal(kind, 'transport');
  });
});
