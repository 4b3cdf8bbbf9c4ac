// The package installed for the tests of a file, and a browser.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launch } from '../support/browser.ts';
import { type Consumer, install } from './consumer.ts';

/** Those of the file that called useInstalled(), while its tests run. */
export let consumer: Consumer;
export let browser: Browser;

/** Installs before the tests of a file and the hooks that follow, and removes everything after them. */
export function useInstalled(): void {
  beforeAll(async () => {
    [consumer, browser] = await Promise.all([install(), launch()]);
  });
  afterAll(async () => {
    await browser?.close();
    consumer?.remove();
  });
}
