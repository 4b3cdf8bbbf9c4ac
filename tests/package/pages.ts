// Pages that run a program and report its result.

import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import { serve } from '../support/browser.ts';

/** The result of `run()`, or another expression, in the page at an address; the page must have no errors. */
export async function runPage(
  browser: Browser,
  address: string,
  expression = 'run()',
): Promise<unknown> {
  const page = await browser.newPage();
  try {
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(address);
    await page.waitForFunction('globalThis.run');
    const result = await page.evaluate(expression);
    expect(problems).toEqual([]);
    return result;
  } finally {
    await page.close();
  }
}

/** The same for a page of a folder, which is served under a sub-path. */
export async function runServed(
  browser: Browser,
  folder: string,
  at = '',
  headers: Record<string, string> = {},
): Promise<unknown> {
  const served = await serve(folder, { base: '/some/where/', headers });
  try {
    return await runPage(browser, served.url + at);
  } finally {
    await served.close();
  }
}
