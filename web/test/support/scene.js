// Runs in a page: puts a photograph before a camera and lets the person in it move a little and smile. The engine finds the face
// to place and to bend. `frames` are I420, as Y4M has them.
import { Engine } from '../../src/engine/module.ts';

const [WIDTH, HEIGHT] = [640, 480];
// Where the component's oval wants a face, in the middle 3:4 of the picture.
const FACE = { x: WIDTH / 2, y: 0.47 * HEIGHT, height: 0.53 * HEIGHT };

const canvas = (width, height) => {
  const made = new OffscreenCanvas(width, height);
  return made.getContext('2d', { willReadFrequently: true });
};

/** Draws the photograph so that its face is where the oval is. */
async function place(engine, photograph) {
  const bitmap = await createImageBitmap(new Blob([photograph]));
  const whole = canvas(bitmap.width, bitmap.height);
  whole.drawImage(bitmap, 0, 0);
  const { data } = whole.getImageData(0, 0, bitmap.width, bitmap.height);
  const [face] = engine.look(data, bitmap.width, bitmap.height);
  const scale = FACE.height / face.box.height;
  const paper = canvas(WIDTH, HEIGHT);
  // A wall that light falls on from one side. In an even one cameras show few colours, and smart-camera-web takes no picture
  // whose first four rows have 16 or fewer: it was left to chance which moment of the video it took.
  const wall = paper.createLinearGradient(0, 0, WIDTH, 0);
  wall.addColorStop(0, '#777c81');
  wall.addColorStop(1, '#9da2a7');
  paper.fillStyle = wall;
  paper.fillRect(0, 0, WIDTH, HEIGHT);
  paper.imageSmoothingQuality = 'high';
  const [cx, cy] = [face.box.x + face.box.width / 2, face.box.y + face.box.height / 2];
  paper.drawImage(bitmap, FACE.x - scale * cx, FACE.y - scale * cy, scale * bitmap.width, scale * bitmap.height);
  return paper.getImageData(0, 0, WIDTH, HEIGHT);
}

/** Displacements that a face makes: each pulls what is near a point, less with distance. Lengths in inter-eye distances. */
function pulls(face, smile, turn) {
  const apart = Math.hypot(face.rightEye.x - face.leftEye.x, face.rightEye.y - face.leftEye.y);
  const pull = (at, dx, dy, reach) => ({ at, dx: dx * apart, dy: dy * apart, spread: 2 * (reach * apart) ** 2, far: 3 * reach * apart });
  return [
    pull(face.mouthLeft, -0.16 * smile, -0.09 * smile, 0.3),
    pull(face.mouthRight, 0.16 * smile, -0.09 * smile, 0.3),
    // The nose is nearer to the camera than the rest: it moves further when the head turns.
    pull(face.nose, 0.07 * turn, 0, 0.35),
  ];
}

/** One moment: what moves, in radians, shares and inter-eye distances. */
function bend(source, face, { smile, turn, shift, roll, zoom, noise, light }) {
  const list = pulls(face, smile, turn);
  const out = new Uint8ClampedArray(source.data.length);
  const [cos, sin] = [Math.cos(roll) / zoom, Math.sin(roll) / zoom];
  const { data } = source;
  for (let y = 0, to = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1, to += 4) {
      let [px, py] = [x - shift, y];
      for (const { at, dx, dy, spread, far } of list) {
        const [ax, ay] = [px - at.x, py - at.y];
        if (Math.abs(ax) > far || Math.abs(ay) > far) continue;
        const weight = Math.exp(-(ax * ax + ay * ay) / spread);
        px -= dx * weight;
        py -= dy * weight;
      }
      const [rx, ry] = [px - FACE.x, py - FACE.y];
      const sx = Math.min(WIDTH - 1.001, Math.max(0, FACE.x + cos * rx - sin * ry));
      const sy = Math.min(HEIGHT - 1.001, Math.max(0, FACE.y + sin * rx + cos * ry));
      const [ix, iy] = [sx | 0, sy | 0];
      const [fx, fy] = [sx - ix, sy - iy];
      const from = 4 * (iy * WIDTH + ix);
      const grain = noise * (Math.random() + Math.random() + Math.random() - 1.5);
      for (let c = 0; c < 3; c += 1) {
        const top = data[from + c] + fx * (data[from + c + 4] - data[from + c]);
        const below = from + 4 * WIDTH + c;
        const bottom = data[below] + fx * (data[below + 4] - data[below]);
        out[to + c] = light * (top + fy * (bottom - top)) + grain;
      }
    }
  }
  return out;
}

function i420(rgba) {
  const quarter = (WIDTH * HEIGHT) / 4;
  const out = new Uint8Array(WIDTH * HEIGHT + 2 * quarter);
  for (let y = 0, at = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1, at += 1) {
      const [r, g, b] = [rgba[4 * at], rgba[4 * at + 1], rgba[4 * at + 2]];
      out[at] = 16 + (65.738 * r + 129.057 * g + 25.064 * b) / 256;
      if (x % 2 === 0 && y % 2 === 0) {
        const small = (y / 2) * (WIDTH / 2) + x / 2;
        out[WIDTH * HEIGHT + small] = 128 + (-37.945 * r - 74.494 * g + 112.439 * b) / 256;
        out[WIDTH * HEIGHT + quarter + small] = 128 + (112.439 * r - 94.154 * g - 18.285 * b) / 256;
      }
    }
  }
  return out;
}

let scene;
const unpack = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

Object.assign(globalThis, {
  /** Sets the scene. Gives what the engine sees in it. */
  async setScene({ wasm, model, photograph }) {
    const engine = await Engine.start(unpack(wasm), unpack(model), 320);
    const source = await place(engine, unpack(photograph));
    const [face] = engine.look(source.data, WIDTH, HEIGHT);
    scene = { source, face };
    return face;
  },
  /** One frame, base64. */
  frame(moment) {
    const bytes = i420(bend(scene.source, scene.face, moment));
    let text = '';
    for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
    return btoa(text);
  },
});
