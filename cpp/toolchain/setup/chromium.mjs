// The browser for the tests.

import { existsSync } from 'node:fs';
import { findProgram, Problem } from './steps.mjs';
import { installWithApt } from './tools.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
  'C:/Program Files (x86)/Google/Chrome/Application/chrome.exe',
];

const find = () => findProgram(...NAMES) || PLACES.find(existsSync) || '';

/** The path of a Chromium or Chrome: CHROMIUM, else PATH, else Debian's package. */
export async function chromium() {
  const named = process.env.CHROMIUM;
  if (named) {
    if (existsSync(named)) return named;
    throw new Problem(`CHROMIUM names ${named}, which does not exist`);
  }
  if (!find()) await installWithApt('Chromium', ['chromium', 'fonts-dejavu-core']);
  const found = find();
  if (found) return found;
  throw new Problem(
    'Chromium or Chrome is needed for the browser tests: install it (Debian: ' +
      '`apt-get install chromium`), or set CHROMIUM to its path.',
  );
}
