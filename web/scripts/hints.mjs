// What the hints cost a slow device: hints a second with the CPU slowed four and six times, and the bytes that a page loads first.
//
//     node scripts/hints.mjs [NAME=ENGINE.wasm ...] [--rounds N]
//
// Without names it measures dist/engine.wasm, as web/build.sh made it. Contenders take turns in each round, and each speed in turn,
// so that what else the machine does strikes all alike. Chromium slows a thread by the clock, which on a busy machine is neither exact
// nor fair: so the processor time of a hint at full speed is measured besides, and times four and six it decides. Prints Markdown.
// Needs the fetched models (SELFSAME_HOME, else ~/.cache/selfsame) and Chromium. No test: it asserts no time, and CI does not run it.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompressSync } from 'node:zlib';

import { build } from 'esbuild';

import { launch, whyNoBrowser } from '../test/support/chromium.mjs';

process.chdir(new URL('..', import.meta.url).pathname);
const SLOWED = [1, 4, 6];
const HINTS = 12;
const GOAL = { aSecond: 15, bytes: 1_500_000 };
const MODELS = join(process.env.SELFSAME_HOME ?? join(homedir(), '.cache', 'selfsame'), 'models');

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const least = (values) => Math.min(...values);

/** A file's length under brotli: what lies beside it compressed, where that is of the same build. */
async function compressed(path) {
  const [bytes, beside] = [readFileSync(path), `${path}.br`];
  if (existsSync(beside)) {
    const kept = readFileSync(beside);
    if (brotliDecompressSync(kept).equals(bytes)) return kept.length;
  }
  return (await promisify(brotliCompress)(bytes)).length;
}

function contenders(words) {
  const named = words.map((word) => word.split('='));
  if (named.some((parts) => parts.length !== 2)) throw new Error('usage: hints.mjs [NAME=ENGINE.wasm ...] [--rounds N]');
  return named.length > 0 ? named : [['engine.wasm', 'dist/engine.wasm']];
}

async function measure(engines, rounds) {
  const [model, photograph] = ['face_detection_yunet_2023mar.onnx', 'obama.jpg'].map((name) => readFileSync(join(MODELS, name)).toString('base64'));
  const entryPoints = [new URL('hints/page.js', import.meta.url).pathname];
  const script = await build({ entryPoints, bundle: true, format: 'iife', write: false });
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    /** Milliseconds of processor time that the page's thread has spent. */
    const spent = async () => {
      const { metrics } = await devtools.send('Performance.getMetrics');
      return 1000 * metrics.find(({ name }) => name === 'ThreadTime').value;
    };
    await page.addScriptTag({ content: script.outputFiles[0].text });
    await page.evaluate((given) => setCamera(given), photograph);
    const measured = new Map();
    for (const [name, path] of engines) {
      const wasm = readFileSync(path).toString('base64');
      const start = await page.evaluate((given) => startEngine(...given), [name, wasm, model]);
      // The browser compiles what is used often once more, and better.
      await page.evaluate((given) => hints(...given), [name, 3 * HINTS]);
      measured.set(name, { start, speeds: SLOWED.map(() => ({ picture: [], look: [], processor: [] })) });
    }
    const reckoned = SLOWED.map(() => []);
    for (let round = 0; round < rounds; round += 1) {
      for (const [at, rate] of SLOWED.entries()) {
        await devtools.send('Emulation.setCPUThrottlingRate', { rate });
        reckoned[at].push((await page.evaluate(() => reckon())).millis);
        for (const [name] of engines) {
          const before = await spent();
          const { took, faces } = await page.evaluate((given) => hints(...given), [name, HINTS]);
          if (faces !== 1) throw new Error(`${name} finds ${faces} faces where there is one`);
          const { picture, look, processor } = measured.get(name).speeds[at];
          processor.push(((await spent()) - before) / HINTS);
          picture.push(...took.picture);
          look.push(...took.look);
        }
      }
      process.stderr.write(`round ${round + 1} of ${rounds}\n`);
    }
    return { measured, reckoned };
  } finally {
    await browser.close();
  }
}

async function main() {
  const words = process.argv.slice(2);
  const at = words.indexOf('--rounds');
  const rounds = at < 0 ? 10 : Number(words.splice(at, 2)[1]);
  const why = whyNoBrowser();
  if (why) throw new Error(why);
  const engines = contenders(words);
  const { measured, reckoned } = await measure(engines, rounds);
  const rest = [];
  for (const path of [join(MODELS, 'face_detection_yunet_2023mar.onnx'), 'dist/selfsame-capture.js', 'dist/selfsame-engine.js']) {
    if (existsSync(path)) rest.push(await compressed(path));
    else process.stderr.write(`not counted, for it is not there: ${path}\n`);
  }
  console.log(`\nA hint on one thread: a picture of 1280 by 960 taken and brought to the detector's size, and looked at. ${rounds * HINTS} hints a cell.\n`);
  console.log(`| engine | CPU slowed | picture, ms | look, ms (least) | hints a second, by the clock (at best) | by processor time (at best) | goal ${GOAL.aSecond} |`);
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  for (const [name, { speeds }] of measured) {
    for (const [speed, { picture, look }] of speeds.entries()) {
      const whole = picture.map((millis, hint) => millis + look[hint]);
      const [aSecond, most] = [median, least].map((of) => 1000 / (SLOWED[speed] * of(speeds[0].processor)));
      const cells = [
        name,
        `${SLOWED[speed]} times (reckoned: ${(median(reckoned[speed]) / median(reckoned[0])).toFixed(1)})`,
        median(picture).toFixed(1),
        `${median(look).toFixed(1)} (${least(look).toFixed(1)})`,
        `${(1000 / median(whole)).toFixed(1)} (${(1000 / least(whole)).toFixed(1)})`,
        `${aSecond.toFixed(1)} (${most.toFixed(1)})`,
        aSecond >= GOAL.aSecond ? 'met' : 'missed',
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
  console.log(`\n| engine | bytes under brotli | with model, component and worker | goal ${GOAL.bytes} | starting, ms |`);
  console.log('| --- | --- | --- | --- | --- |');
  for (const [name, path] of engines) {
    const own = await compressed(path);
    const all = own + rest.reduce((sum, length) => sum + length, 0);
    console.log(`| ${name} | ${own} | ${all} | ${all <= GOAL.bytes ? 'met' : 'missed'} | ${measured.get(name).start.toFixed(0)} |`);
  }
}

await main();
