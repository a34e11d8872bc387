// Stands in for the engine's worker: it sees a head that goes to where the page sends it, at 80 degrees a second, and trembles. On
// a slow machine it goes more slowly: a head that is there at the next look shows no way.
const channel = new BroadcastChannel('head');
let [yaw, pitch, last, wanted, looks] = [0, 0, performance.now(), { yaw: 0, pitch: 0 }, 0];
channel.onmessage = ({ data }) => (wanted = data);

const LONGEST_STEP = 80;
const step = (from, to, most) => from + Math.max(-most, Math.min(most, to - from));

onmessage = ({ data }) => {
  if (data.kind === 'start') {
    postMessage({ kind: 'started' });
    return;
  }
  const { width, height } = data;
  const now = performance.now();
  const most = (80 * Math.min(now - last, LONGEST_STEP)) / 1000;
  [yaw, pitch, last] = [step(yaw, wanted.yaw, most), step(pitch, wanted.pitch, most), now];
  looks += 1;
  const tremble = Math.sin(looks * 2.4);
  const [x, y, apart] = [0.5 * width, 0.47 * height, 0.14 * height];
  const at = (dx, dy) => ({ x: x + dx * apart, y: y + dy * apart });
  const box = { x: x - 0.2 * height, y: y - 0.27 * height, width: 0.4 * height, height: 0.54 * height };
  const face = {
    box, leftEye: at(-0.5, -0.5), rightEye: at(0.5, -0.5), nose: at(0, 0), mouthLeft: at(-0.4, 0.5), mouthRight: at(0.4, 0.5),
    score: 0.9, sharpness: 20, exposure: 0.5, pose: { yaw: yaw + tremble, pitch: pitch - tremble, roll: 0 },
  };
  postMessage({ kind: 'seen', look: { width, height, faces: wanted.gone ? [] : [face], millis: 1 } });
};
