// Headless Chromium from the system's package, and a page that it may reach: the machine's own.
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

export const launch = (...more) =>
  chromium.launch({ executablePath: PATH, headless: true, timeout: 120_000, args: [...FLAGS, ...more] });
