// Runs in a page before its scripts: a camera in the tests' hands. What the browser's camera gives is drawn on a canvas, and the
// canvas is what the page gets.
//   camera.mode  'live'; 'frozen': no pictures come; 'repeated': the last picture comes again and again; 'black'
//   camera.stamp paints a corner red, so that pictures of before and after can be told apart
//   camera.heard waits for a hint, and acts the moment that it is shown
//   camera.play  false: the browser refuses to play the video, as iOS may after a call; 'pressed': until the person presses a button
export function tamper() {
  const state = { mode: 'live', stamp: false, play: true, tracks: [] };
  globalThis.camera = state;
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    return state.play === true || !this.isConnected ? play.call(this) : Promise.reject(new DOMException('as the test wants it', 'NotAllowedError'));
  };
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const source = Object.assign(document.createElement('video'), { srcObject: await real(wanted), muted: true });
    await play.call(source);
    const canvas = Object.assign(document.createElement('canvas'), { width: source.videoWidth, height: source.videoHeight });
    const [paper, kept] = [canvas.getContext('2d', { alpha: false }), document.createElement('canvas')];
    Object.assign(kept, { width: canvas.width, height: canvas.height });
    const draw = () => {
      if (state.mode === 'frozen') return;
      if (state.mode === 'repeated') {
        paper.drawImage(kept, 0, 0);
        return;
      }
      paper.drawImage(source, 0, 0);
      if (state.mode === 'black') paper.fillRect(0, 0, canvas.width, canvas.height);
      if (state.stamp) {
        paper.fillStyle = '#f00';
        // In what a selfie and a card both keep of the picture.
        paper.fillRect(canvas.width / 2 - 160, canvas.height / 2 - 180, 40, 40);
        paper.fillStyle = '#000';
      }
      kept.getContext('2d').drawImage(canvas, 0, 0);
      dispatchEvent(new Event('drawn'));
    };
    draw();
    const timer = setInterval(draw, 60);
    const stream = canvas.captureStream();
    const [track] = stream.getVideoTracks();
    const stop = track.stop.bind(track);
    track.stop = () => {
      clearInterval(timer);
      for (const each of source.srcObject.getTracks()) each.stop();
      stop();
    };
    state.tracks.push(track);
    return stream;
  };
  addEventListener('click', () => state.play === 'pressed' && (state.play = true), true);
  /** The system takes the camera for a call, and gives it back. */
  state.mute = (muted) => {
    const [track] = state.tracks.slice(-1);
    Object.defineProperty(track, 'muted', { configurable: true, value: muted });
    track.dispatchEvent(new Event(muted ? 'mute' : 'unmute'));
  };
  /** The page goes out of view, and comes back. */
  state.hide = (hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: hidden ? 'hidden' : 'visible' });
    document.dispatchEvent(new Event('visibilitychange'));
  };
  /** The video is paused, as iOS does after a call or a lock. */
  state.pause = () => document.querySelector('selfsame-capture').shadowRoot.querySelector('video').pause();
  /** Waits until so many more pictures were drawn. */
  state.pictures = (count) => new Promise((resolve) => addEventListener('drawn', () => (count -= 1) === 0 && resolve()));
  // Every hint is noted as it is shown: one that stands for a few hundredths of a second is missed by whoever looks now and then.
  const hints = (state.hints = []);
  let next = () => undefined;
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (init) {
    const root = attach.call(this, init);
    new MutationObserver((records) => {
      for (const { target, addedNodes } of records) if (target.className === 'hint') for (const { data } of addedNodes) hints.push(data);
      next();
    }).observe(root, { childList: true, subtree: true });
    return root;
  };
  /** Waits for a hint after those that were waited for before; then acts at once, before the page does more. */
  state.heard = (words, act = () => undefined) =>
    new Promise((resolve, reject) => {
      const shown = [];
      const late = setTimeout(() => reject(new Error(`no hint says ${words}; shown: ${shown.join(' | ') || 'none'}`)), 60_000);
      next = () => {
        while (hints.length > 0) {
          shown.push(hints.shift());
          if (!words.test(shown.at(-1))) continue;
          clearTimeout(late);
          next = () => undefined;
          act();
          resolve();
          return;
        }
      };
      next();
    });
  state.seen = { published: [], trouble: [], looks: 0 };
  addEventListener('publish', ({ detail }) => state.seen.published.push(detail));
  addEventListener('trouble', ({ detail }) => state.seen.trouble.push(String(detail.error?.message)));
  addEventListener('look', () => (state.seen.looks += 1));
}

/** Of each published image, whether it bears the stamp. */
export async function stamped() {
  const { images } = camera.seen.published.at(-1);
  return Promise.all(
    images.map(async ({ image }) => {
      const bitmap = await createImageBitmap(await (await fetch(`data:image/jpeg;base64,${image}`)).blob());
      const paper = Object.assign(document.createElement('canvas'), { width: bitmap.width, height: bitmap.height }).getContext('2d');
      paper.drawImage(bitmap, 0, 0);
      const { data } = paper.getImageData(0, 0, bitmap.width, bitmap.height);
      let red = 0;
      for (let at = 0; at < data.length; at += 4) if (data[at] > 200 && data[at + 1] < 60 && data[at + 2] < 60) red += 1;
      return red > 400;
    }),
  );
}
