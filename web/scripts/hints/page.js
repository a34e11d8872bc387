// Runs in a page, on its own thread: what a hint takes. The component asks the engine in a worker, which Chromium does not slow; on a
// phone with one slow core both share it, and so they do here.
import { Engine } from '../../src/engine/module.ts';
import { SIDE } from '../../src/engine/finder.ts';
import { Darkroom, SELFIE } from '../../src/picture.ts';

const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
const engines = new Map();
const room = new Darkroom(SELFIE);
let camera;

/** A camera's picture: the photograph, its middle filling 1280 by 960 pixels. */
globalThis.setCamera = async (photograph) => {
  const bitmap = await createImageBitmap(new Blob([bytes(photograph)]));
  camera = Object.assign(document.createElement('canvas'), { width: 1280, height: 960 });
  const paper = camera.getContext('2d', { alpha: false });
  const scale = Math.max(camera.width / bitmap.width, camera.height / bitmap.height);
  const [width, height] = [scale * bitmap.width, scale * bitmap.height];
  paper.drawImage(bitmap, (camera.width - width) / 2, (camera.height - height) / 2, width, height);
};

/** Starts an engine; gives the milliseconds that it took. */
globalThis.startEngine = async (name, wasm, model) => {
  const [module, detector] = [bytes(wasm), bytes(model)];
  const began = performance.now();
  engines.set(name, await Engine.start(module, detector, SIDE));
  return performance.now() - began;
};

/** Takes a picture and looks at it, some times over: milliseconds of each, and how many faces the last had. */
globalThis.hints = (name, count) => {
  const engine = engines.get(name);
  const took = { picture: [], look: [] };
  let faces = 0;
  for (let at = 0; at < count; at += 1) {
    const began = performance.now();
    room.expose(camera, camera);
    const { data, width, height } = room.small();
    const taken = performance.now();
    faces = engine.look(data, width, height).length;
    took.picture.push(taken - began);
    took.look.push(performance.now() - taken);
  }
  return { took, faces };
};

/** Work that takes some 20 ms where nothing slows it: how far the thread really is slowed. */
globalThis.reckon = () => {
  const began = performance.now();
  let value = 1;
  for (let at = 0; at < 6_000_000; at += 1) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  return { millis: performance.now() - began, value };
};
