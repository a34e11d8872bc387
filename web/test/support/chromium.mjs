// Headless Chromium from the system's package, with a camera that plays a file.
import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';

const PATH = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why there is no browser, or false. */
export const whyNoBrowser = () => !existsSync(PATH) && `no Chromium at ${PATH}: apt-get install chromium, or set CHROMIUM`;

// Without the network's flags Chromium looks for hosts that tests must not reach.
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

/** A browser whose camera plays a Y4M or MJPEG file and is allowed; without a file it has none. */
export const launch = (video, ...more) =>
  chromium.launch({
    executablePath: PATH,
    headless: true,
    args: [
      ...FLAGS,
      ...(video
        ? ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${video}`]
        : []),
      ...more,
    ],
  });
