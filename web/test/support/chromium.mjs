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

// How long a page is waited for that a test waits for without a time of its own: the usual half minute is short on a busy machine.
const PATIENCE = 60_000;

/** A browser whose camera plays a Y4M or MJPEG file and is allowed; without a file it has none. */
export async function launch(video, ...more) {
  const browser = await chromium.launch({
    executablePath: PATH,
    headless: true,
    timeout: 2 * PATIENCE,
    args: [
      ...FLAGS,
      ...(video
        ? ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-video-capture=${video}`]
        : []),
      ...more,
    ],
  });
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (options) => {
    const context = await newContext(options);
    context.setDefaultTimeout(PATIENCE);
    return context;
  };
  return browser;
}
