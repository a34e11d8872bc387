// Videos for Chromium's camera, made from the fetched photographs: a person who moves a little, then smiles; or a still.
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { build } from 'esbuild';

import { launch } from './chromium.mjs';
import { detector, DIST, photographs } from './real-server.mjs';

const RATE = 12;
/** Seconds: at rest, the smile grows, it stays, it goes. Then from the beginning. */
const [REST, GROW, STAY, GO] = [3, 1.5, 1, 1];
const SECONDS = REST + GROW + STAY + GO;

const ease = (share) => (1 - Math.cos(Math.PI * Math.min(1, Math.max(0, share)))) / 2;
const smileAt = (t) => ease((t - REST) / GROW) - ease((t - REST - GROW - STAY) / GO);
const wave = (t, seconds, phase = 0) => Math.sin(2 * Math.PI * (t / seconds + phase));

/** Someone there: breath, sway, small turns, a camera's noise. All periods fit the loop. */
const living = (t) => ({
  smile: smileAt(t),
  turn: wave(t, SECONDS / 3) + 0.3 * wave(t, SECONDS / 7, 0.2),
  shift: 4 * wave(t, SECONDS / 3, 0.1) + 2 * wave(t, SECONDS / 11, 0.3),
  roll: 0.02 * wave(t, SECONDS / 2, 0.4),
  zoom: 1 + 0.015 * wave(t, SECONDS / 4, 0.7),
  light: 1 + 0.015 * wave(t, SECONDS / 3, 0.6),
  noise: 5,
});
/** A picture held still before a camera. */
const still = () => ({ smile: 0, turn: 0, shift: 0, roll: 0, zoom: 1, light: 1, noise: 3 });
const MOTIONS = { living, still };

/** A folder with videos that others made before, named by what they show. */
const { SELFSAME_VIDEOS: MADE } = process.env;
const named = (photograph, motion) => `${photograph}-${motion}.y4m`;

/** The videos that most test files want: made once for all of them. */
export const makeUsual = (folder) =>
  render(folder, [['obama', 'living'], ['obama3', 'living'], ['biden', 'living'], ['obama3', 'still']]);

/** Videos, written into a folder where they are not made already. `wanted`: names to [photograph, motion]. Gives names to paths. */
export async function makeVideos(folder, wanted) {
  const made = (what) => MADE && existsSync(join(MADE, named(...what)));
  const missing = Object.values(wanted).filter((what) => !made(what));
  if (missing.length > 0) await render(folder, missing);
  return Object.fromEntries(Object.entries(wanted).map(([name, what]) => [name, join(made(what) ? MADE : folder, named(...what))]));
}

/** Writes videos into a folder, all at once: each page has a process of its own. */
async function render(folder, list) {
  const script = await build({
    entryPoints: [new URL('scene.js', import.meta.url).pathname],
    bundle: true,
    format: 'iife',
    write: false,
  });
  const [photos, wasm, model] = [photographs(), readFileSync(join(DIST, 'engine.wasm')), detector()];
  const browser = await launch();
  try {
    await Promise.all(
      list.map(async ([photograph, motion]) => {
        const page = await browser.newPage();
        await page.addScriptTag({ content: script.outputFiles[0].text });
        const bytes = { wasm, model, photograph: photos[photograph] };
        const packed = Object.fromEntries(Object.entries(bytes).map(([key, value]) => [key, value.toString('base64')]));
        await page.evaluate((given) => setScene(given), packed);
        const file = openSync(join(folder, named(photograph, motion)), 'w');
        writeSync(file, `YUV4MPEG2 W640 H480 F${RATE}:1 Ip A1:1 C420\n`);
        const count = motion === 'still' ? RATE : RATE * SECONDS;
        for (let at = 0; at < count; at += 1) {
          const frame = await page.evaluate((moment) => globalThis.frame(moment), MOTIONS[motion](at / RATE));
          writeSync(file, 'FRAME\n');
          writeSync(file, Buffer.from(frame, 'base64'));
        }
        closeSync(file);
        await page.close();
      }),
    );
  } finally {
    await browser.close();
  }
}
