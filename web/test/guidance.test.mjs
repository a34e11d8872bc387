// The rules by which a person is guided, without a camera.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { source } from './support/source.mjs';

const { advise, choose, en, FRAMES, middle, PACE, Shutter } = await source(
  'guidance.ts', 'shutter.ts', 'picture.ts', 'messages/index.ts', 'messages/en.ts',
);

const SIZE = { width: 192, height: 256 };

/** A good face, moved, scaled and changed. */
function face({ dx = 0, dy = 0, scale = 1, smile = 1, ...more } = {}) {
  const [cx, cy] = [96 + dx, 0.47 * 256 + dy];
  const at = (x, y) => ({ x: cx + scale * x, y: cy + scale * y });
  return {
    box: { ...at(-52, -68), width: 104 * scale, height: 136 * scale },
    leftEye: at(-24, -20),
    rightEye: at(24, -20),
    nose: at(0, 6),
    mouthLeft: at(-20 * smile, 32),
    mouthRight: at(20 * smile, 32),
    score: 0.9,
    sharpness: 20,
    exposure: 0.5,
    pose: { yaw: 0, pitch: 0, roll: 0 },
    ...more,
  };
}
const look = (...faces) => ({ ...SIZE, faces, millis: 1 });

describe('hints', () => {
  const cases = [
    ['a good face', [face()], undefined],
    ['nobody', [], 'hintNoFace'],
    ['two people', [face(), face({ dx: 60, scale: 0.8 })], 'hintManyFaces'],
    ['somebody far behind', [face(), face({ dx: 70, scale: 0.2 })], undefined],
    ['far away', [face({ scale: 0.5 })], 'hintNearer'],
    ['too near', [face({ scale: 1.4 })], 'hintFarther'],
    ['aside', [face({ dx: 40 })], 'hintCentre'],
    ['in the dark', [face({ exposure: 0.05 })], 'hintDark'],
    ['against a lamp', [face({ exposure: 0.95 })], 'hintBright'],
    ['looking away', [face({ pose: { yaw: 30, pitch: 0, roll: 0 } })], 'hintStraight'],
    ['looking nobody knows where', [face({ pose: { yaw: NaN, pitch: NaN, roll: NaN } })], 'hintStraight'],
    ['blurred', [face({ sharpness: 2 })], 'hintSharp'],
    ['far away and in the dark: the gravest first', [face({ scale: 0.5, exposure: 0.05 })], 'hintNearer'],
  ];
  for (const [name, faces, hint] of cases) test(name, () => assert.equal(advise(look(...faces)), hint));
});

/** Shows the shutter a person, whose face at each moment `of` gives; looks every 60 ms, for at most a minute. */
function session(of) {
  const shutter = new Shutter();
  const taken = [];
  for (let now = 0; now < 60_000; now += 60) {
    const decision = shutter.see(look(...of(now)), now);
    if (decision.again) taken.length = 0;
    if (decision.take) taken.push({ what: decision.take, now });
    if (decision.done) return { taken, ended: now };
  }
  return { taken, ended: undefined };
}
const smiling = (from) => (now) => [face({ smile: 1 + 0.15 * Math.min(1, Math.max(0, (now - from) / 1500)) })];

describe('the shutter', () => {
  test('takes one selfie at rest, then eight frames while the smile begins', () => {
    const { taken, ended } = session(smiling(3000));
    assert.deepEqual(taken.map(({ what }) => what), ['selfie', ...Array(FRAMES).fill('frame')]);
    assert.ok(taken[0].now >= PACE.steady && taken[0].now < 1000);
    assert.ok(taken[PACE.atRest].now < 3000, 'some frames show the face at rest');
    const last = taken.at(-1).now;
    assert.ok(ended === last && last >= 3000 + ((PACE.smile - 1) / 0.15) * 1500, 'the last frame shows the smile');
    const gaps = taken.slice(1).map(({ now }, at) => now - taken[at].now);
    assert.ok(gaps.every((gap) => gap >= PACE.frame));
  });

  test('waits for a face that is good for a while', () => {
    const { taken } = session((now) => (now % 500 < 250 ? [face()] : [face({ dx: 50 })]));
    assert.deepEqual(taken, []);
  });

  test('begins anew when the face leaves or another comes', () => {
    for (const intruder of [[], [face(), face({ dx: 60, scale: 0.8 })]]) {
      const { taken } = session((now) => (now > 1200 && now < 2000 ? intruder : smiling(5000)(now)));
      assert.equal(taken.length, 1 + FRAMES);
      assert.ok(taken[0].now > 2000);
    }
  });

  test('takes the frames of somebody who cannot smile, after a while', () => {
    const { taken, ended } = session(() => [face()]);
    assert.equal(taken.length, 1 + FRAMES);
    assert.ok(ended > PACE.patience);
  });
});

test('a picture is cut in the middle', () => {
  assert.deepEqual(middle({ width: 640, height: 480 }, { width: 3, height: 4 }), { x: 140, y: 0, width: 360, height: 480 });
  assert.deepEqual(middle({ width: 480, height: 640 }, { width: 3, height: 4 }), { x: 0, y: 0, width: 480, height: 640 });
  assert.deepEqual(middle({ width: 300, height: 600 }, { width: 3, height: 4 }), { x: 0, y: 100, width: 300, height: 400 });
});

describe('languages', () => {
  test('each says everything, and not by way of English', () => {
    for (const code of ['fr', 'sw', 'ar', 'pt']) {
      const { messages } = choose([code]);
      for (const key of Object.keys(en)) {
        assert.ok(messages[key]?.trim(), `${code} lacks ${key}`);
        assert.notEqual(messages[key], en[key], `${code} says ${key} in English`);
      }
    }
  });

  test('the first that is known is spoken, else English', () => {
    assert.equal(choose(['de-AT', 'fr-CH', 'en']).code, 'fr');
    assert.equal(choose(['xx']).code, 'en');
    assert.equal(choose(['ar-EG']).direction, 'rtl');
    assert.equal(choose(['pt-BR']).direction, 'ltr');
  });

  test('a page may say it in its own words', () => {
    const { messages } = choose(['en'], { start: 'Go' });
    assert.equal(messages.start, 'Go');
    assert.equal(messages.cancel, en.cancel);
  });
});
