// The rules by which a person is guided, without a camera.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { source } from './support/source.mjs';

const { advise, choose, DrawnOnce, en, FRAMES, framesOf, middle, PACE, prompts, Shutter, TURN } = await source(
  'guidance.ts', 'shutter.ts', 'turning.ts', 'challenge.ts', 'picture.ts', 'messages/index.ts', 'messages/en.ts',
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

/** A head that goes to where it is sent, at some degrees a second, with a detector's trembling. */
class Head {
  yaw = 3;
  pitch = -4;
  #at = 0;
  #seed = 1;
  constructor({ speed = 40, trembling = 1.5 } = {}) {
    Object.assign(this, { speed, trembling });
  }
  towards({ yaw = 3, pitch = -4 }, now) {
    const most = (this.speed * (now - this.#at)) / 1000;
    this.#at = now;
    const step = (from, to) => from + Math.max(-most, Math.min(most, to - from));
    [this.yaw, this.pitch] = [step(this.yaw, yaw), step(this.pitch, pitch)];
    return face({ pose: { yaw: this.yaw + this.#tremble(), pitch: this.pitch + this.#tremble(), roll: 0 } });
  }
  #tremble() {
    this.#seed = (this.#seed * 1_664_525 + 1_013_904_223) >>> 0;
    return this.trembling * (this.#seed / 2 ** 31 - 1);
  }
}
/** Where a person turns who does as told. The nose of who turns to their left goes to the picture's right. */
const OBEYED = { left: { yaw: 36 }, right: { yaw: -30 }, up: { pitch: 20 } };

/**
 * A person before a shutter with a challenge; `where` gives where the head goes when the last decision was such. Gives what was
 * taken with the pose of that moment, and all hints, each once for as long as it stood.
 */
function challenged(turns, where, { head = new Head(), seconds = 60, gap = 60, sees = (one) => [one] } = {}) {
  const shutter = new Shutter(turns);
  const [taken, hints] = [[], []];
  let last = { hint: 'hintNoFace' };
  for (let now = 0; now < seconds * 1000; now += gap) {
    const seen = head.towards(where(last, now, taken), now);
    last = shutter.see(look(...sees(seen, now, last)), now);
    if (last.hint !== hints.at(-1)) hints.push(last.hint);
    if (last.again) taken.length = 0;
    if (last.take) taken.push({ what: last.take, now, yaw: head.yaw - 3, pitch: head.pitch + 4 });
    if (last.done) return { taken, hints, ended: now };
  }
  return { taken, hints, ended: undefined };
}
const obedient = ({ turn, hint }) => (turn && hint !== 'hintBack' ? OBEYED[turn] : {});

describe('a challenge', () => {
  const CHALLENGES = [['left'], ['up'], ['left', 'up'], ['right', 'left', 'up', 'right']];
  for (const turns of CHALLENGES) {
    test(`is guided turn by turn: ${turns.join(', ')}`, () => {
      const { taken, hints, ended } = challenged(turns, obedient);
      assert.ok(ended < 1000 + 4500 * turns.length, `${ended} ms`);
      assert.ok(taken.length <= 25 && taken.length === 1 + framesOf(turns));
      const [selfie, ...frames] = taken;
      assert.equal(selfie.what, 'selfie');
      const straight = ({ yaw, pitch }) => Math.abs(yaw) <= 10 && Math.abs(pitch) <= 7.5;
      assert.ok([selfie, ...frames.splice(0, TURN.atRest)].every(straight), 'it begins straight');
      for (const turn of turns) {
        const far = ({ yaw, pitch }) => ({ left: yaw, right: -yaw, up: pitch })[turn];
        const [way, first, second, back] = frames.splice(0, TURN.each);
        const [least, wanted] = [turn === 'up' ? 15 : 20, TURN.full[turn]];
        assert.ok(far(way) > 0.2 * wanted && far(way) < wanted + 2, `${turn}: on the way at ${far(way)}`);
        for (const full of [first, second]) assert.ok(far(full) >= least, `${turn}: ${far(full)} of ${least}`);
        assert.ok(second.now - first.now >= TURN.hold);
        assert.ok(straight(back), `${turn}: back at ${JSON.stringify(back)}`);
      }
      assert.ok(taken.every(({ now }, at) => at === 0 || now - taken[at - 1].now >= TURN.frame), 'in time, and apart');
      const asked = hints.filter((hint) => ['hintLeft', 'hintRight', 'hintUp'].includes(hint));
      assert.deepEqual(asked, turns.map((turn) => ({ left: 'hintLeft', right: 'hintRight', up: 'hintUp' })[turn]));
      assert.equal(hints.at(-1), 'hintDone');
      assert.ok(!hints.includes('hintOtherWay') && !hints.includes('hintNoFace'));
    });
  }

  test('with five looks a second it is guided, too', () => {
    const { taken, ended } = challenged(['left', 'up'], obedient, { gap: 200, head: new Head({ speed: 60 }) });
    assert.ok(ended < 15_000);
    assert.ok(taken.length >= 1 + framesOf(['left', 'up']) - 2);
  });

  test('who turns the wrong way is told, and nothing is taken', () => {
    const mirrored = (last, now) => (last.turn === 'left' && now < 5000 ? { yaw: -33 } : obedient(last));
    const { taken, hints, ended } = challenged(['left'], mirrored);
    assert.ok(hints.includes('hintOtherWay'));
    assert.ok(ended > 5000);
    assert.ok(taken.filter(({ now }) => now < 5000).every(({ yaw }) => Math.abs(yaw) < 15), 'nothing of the wrong turn');
    const nodding = (last, now) => (last.turn === 'up' && now < 5000 ? { pitch: -24 } : obedient(last));
    assert.ok(challenged(['up'], nodding).hints.includes('hintOtherWay'));
    // A turn that was not asked for is no turn.
    assert.equal(challenged(['up'], ({ turn }) => (turn ? OBEYED.left : {}), { seconds: 20 }).ended, undefined);
  });

  test('who turns too little is told, and too little is never enough', () => {
    const shy = (last) => (last.turn ? { yaw: 3 + 14 } : {});
    const { taken, hints, ended } = challenged(['left'], shy, { seconds: 30 });
    assert.ok(hints.includes('hintTurnMore'));
    assert.equal(ended, undefined);
    assert.equal(taken.length, 1 + TURN.atRest + 1);
    const bolder = (last, now) => (now > 6000 ? obedient(last) : shy(last));
    assert.equal(challenged(['left'], bolder).taken.length, 1 + framesOf(['left']));
  });

  test('the selfie that turns are measured against looks straight ahead', () => {
    const aside = (last, now) => (now < 3000 ? { yaw: 15 } : obedient(last));
    const { taken, hints } = challenged(['left'], aside, { head: new Head({ speed: 400 }) });
    assert.ok(taken[0].now > 3000 && hints.includes('hintStraight'));
  });

  test('who turns and raises the head at once gives no frames of it', () => {
    const both = (last) => (last.turn ? { yaw: 36, pitch: 16 } : {});
    const { taken, ended } = challenged(['left'], both, { seconds: 20 });
    assert.equal(ended, undefined);
    assert.equal(taken.filter(({ pitch }) => pitch > 15).length, 0);
    const eased = (last, now) => (now > 5000 ? obedient(last) : both(last));
    assert.equal(challenged(['left'], eased).taken.length, 1 + framesOf(['left']));
  });

  test('who turns back too soon is asked for the rest', () => {
    const hasty = (last, _now, taken) => (last.turn && taken.length !== 5 ? OBEYED.left : {});
    const { taken, hints } = challenged(['left'], (last, now, taken) => (now < 3000 ? hasty(last, now, taken) : obedient(last)));
    assert.ok(hints.includes('hintTurnMore'));
    assert.equal(taken.length, 1 + framesOf(['left']));
  });

  test('who does not come back is waited for', () => {
    const stuck = (last, now) => (last.turn || (last.hint === 'hintBack' && now < 6000) ? OBEYED.left : {});
    const { ended, hints } = challenged(['left'], stuck);
    assert.ok(ended > 6000 && hints.includes('hintBack'));
  });

  test('who leaves the picture, or is joined by another, begins anew', () => {
    for (const intruder of [() => [], (one) => [one, face({ dx: 60, scale: 0.8 })]]) {
      const sees = (one, now) => (now > 2500 && now < 4500 ? intruder(one) : [one]);
      const { taken } = challenged(['left', 'up'], obedient, { sees });
      assert.equal(taken.length, 1 + framesOf(['left', 'up']));
      assert.ok(taken[0].now >= 4500, 'even the selfie');
    }
  });

  test('a face that is missed for a moment is not gone; one that was turned too far is told so', () => {
    const far = (last) => (last.turn ? { yaw: 60 } : {});
    // Nothing finds a face that is turned further than this.
    const sees = (one) => (Math.abs(one.pose.yaw) > 45 ? [] : [one]);
    const eased = (last, now) => (last.hint === 'hintTooFar' ? { yaw: 34 } : now < 4000 ? far(last) : obedient(last));
    const { taken, hints } = challenged(['left'], eased, { sees, head: new Head({ speed: 400 }) });
    assert.ok(hints.includes('hintTooFar'), hints.join());
    assert.ok(taken[0].now < 1500, 'nothing began anew');
    assert.equal(taken.at(-1).what, 'frame');
  });

  test('a face half out of the picture gives no frames', () => {
    const sees = (one, now) => (now > 1500 ? [{ ...one, box: { ...one.box, x: 150 } }] : [one]);
    const { taken, hints, ended } = challenged(['left'], obedient, { sees, seconds: 20 });
    assert.equal(ended, undefined);
    assert.ok(hints.includes('hintCentre') && taken.every(({ now }) => now <= 1500));
  });

  test('where nothing sees the head there is a prompt for each frame, with time to follow', () => {
    for (const turns of CHALLENGES) {
      const list = prompts(turns);
      assert.equal(list.length, framesOf(turns));
      assert.ok(list.length <= 24);
      const said = list.map(({ hint }) => hint).filter((hint, at, all) => hint !== all[at - 1] && /Left|Right|Up/.test(hint));
      assert.deepEqual(said, turns.map((turn) => `hint${turn[0].toUpperCase()}${turn.slice(1)}`));
      const lasts = list.reduce((sum, { wait }) => sum + wait, 0);
      assert.ok(lasts <= 1000 + 5000 * turns.length, `${lasts} ms`);
    }
  });

  test('time runs from when a challenge was first seen, however often the page hands it on', () => {
    const once = new DrawnOnce();
    const challenge = { id: 'chl_a', turns: ['left'], expires_at: '2026-01-31T12:00:00.000Z', seconds: 30 };
    assert.equal(once.note(challenge, 't', 1000).until, 31_000);
    assert.equal(once.note(challenge, 't', 9000).until, 31_000);
    assert.equal(once.note({ ...challenge, id: 'chl_b' }, undefined, 9000).until, 39_000);
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
