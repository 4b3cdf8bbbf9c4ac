// Helpers for tests of the site: a server for it as a plain host would run it, pages and their errors.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { launch as launchBrowser, serve } from '../support/browser.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Serves the built site like a plain host: under a sub-path, with a strict policy. */
export const serveSite = () =>
  serve(path.join(root, 'site/dist'), {
    base: '/a/sub-path/',
    headers: {
      'Content-Security-Policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
    },
  });

/** Chromium without network requests of its own. */
export const launch = () =>
  launchBrowser({
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** A page whose errors and failed requests are collected in `errors`. */
export async function open(browser: Browser, address: string, options: BrowserContextOptions = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('requestfailed', (request) => errors.push(`failed: ${request.url()}`));
  page.on('response', (response) => {
    if (response.status() >= 400) errors.push(`${response.status()}: ${response.url()}`);
  });
  await page.goto(address);
  await ready(page);
  return { page, errors, close: () => context.close() };
}

/** Waits until every live part has rendered. */
export async function ready(page: Page): Promise<void> {
  await page.waitForFunction(
    () => !document.querySelector('[aria-busy="true"]') && document.fonts.status === 'loaded',
  );
}

/** Opens one page of the site; call `close` afterwards. */
export async function openPage(name: string, options: BrowserContextOptions = {}) {
  const site = await serveSite();
  const browser = await launch();
  const { page, errors } = await open(browser, `${site.url}pages/${name}/`, options);
  return {
    page,
    errors,
    close: async () => {
      await browser.close();
      await site.close();
    },
  };
}

/** Keeps one page of the site open while the tests of a file run. */
export function usePage(name: string): { readonly page: Page; readonly errors: string[] } {
  let opened: Awaited<ReturnType<typeof openPage>>;
  beforeAll(async () => {
    opened = await openPage(name);
  });
  afterAll(() => opened.close());
  return {
    get page() {
      return opened.page;
    },
    get errors() {
      return opened.errors;
    },
  };
}

/** The texts of a column of the tables in `part`, counted from 1. */
export const column = (page: Page, part: string, index: number): Promise<string[]> =>
  page
    .locator(`${part} tbody tr > :nth-child(${index})`)
    .evaluateAll((cells) => cells.map((cell) => cell.textContent?.trim() ?? ''));

/** The value of a named fact in `part`. */
export const fact = async (page: Page, part: string, name: string): Promise<string> =>
  (await page.locator(`${part} dt:text-is("${name}") + dd`).first().textContent()) ?? '';
