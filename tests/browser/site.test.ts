// All pages of the site: they load without errors, their links lead somewhere, nothing is cut off or
// unreadable.

import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pages } from '../../site/pages.ts';
import { launch, open, root, serveSite } from './harness.ts';

// Requirements on every page of the site, in both themes, on a wide screen and on a phone.

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const screenshots = path.join(root, 'build/screenshots');
const SCREENS = {
  desktop: { width: 1280, height: 900 },
  phone: { width: 390, height: 844 },
};

let browser: Browser;
let site: Awaited<ReturnType<typeof serveSite>>;

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  site = await serveSite();
  browser = await launch();
});

afterAll(async () => {
  await browser.close();
  await site.close();
});

const addressOf = (name: string) => `${site.url}${name && `pages/${name}/`}`;

describe.each(pages)('page "$name"', ({ name, title }) => {
  for (const [screen, viewport] of Object.entries(SCREENS)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test(`${screen}, ${colorScheme}: no errors, no axe violations, nothing cut off`, async () => {
        const options = { viewport, colorScheme, bypassCSP: true };
        const { page, errors, close } = await open(browser, addressOf(name), options);
        expect(errors).toEqual([]);
        expect(await page.title()).toContain(title);
        const wider = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect(wider).toBeLessThanOrEqual(0);

        await page.addScriptTag({ path: axe });
        const violations = await page.evaluate(async () => {
          const { axe } = window as unknown as { axe: typeof import('axe-core') };
          const result = await axe.run();
          return result.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
        });
        expect(violations).toEqual([]);
        const file = `${name || 'home'}-${screen}-${colorScheme}.png`;
        await page.screenshot({ path: path.join(screenshots, file), fullPage: true });
        await close();
      });
    }
  }

  test('keeps the content security policy, and every control can be reached by keyboard', async () => {
    const { page, errors, close } = await open(browser, addressOf(name));
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.className)).toBe('skip');
    // Again if a control appeared or disappeared meanwhile, as after a computation.
    const missed = async () => {
      const expected = await page.evaluate(() => {
        const controls = document.querySelectorAll<HTMLInputElement>(
          'main :is(button, select, textarea, input, a[href], summary, [tabindex="0"])',
        );
        // A group of radio buttons is a single tab stop; the arrow keys lead to the others.
        const stops = [...controls].filter(
          (one) =>
            !one.disabled &&
            one.tabIndex >= 0 &&
            one.checkVisibility() &&
            (one.type !== 'radio' || one.checked),
        );
        for (const [i, one] of stops.entries()) one.dataset.stop = String(i);
        return stops.length;
      });
      const seen = new Set<string>();
      for (let i = 0; i < expected + 60 && seen.size < expected; i++) {
        await page.keyboard.press('Tab');
        const stop = await page.evaluate(
          () => (document.activeElement as HTMLElement | null)?.dataset.stop,
        );
        if (stop !== undefined) seen.add(stop);
      }
      return expected - seen.size;
    };
    await expect.poll(missed, { timeout: 30_000 }).toBe(0);
    expect(errors).toEqual([]);
    await close();
  });
});

test('the theme button overrides the system and is remembered', async () => {
  const { page, close } = await open(browser, addressOf(''), { colorScheme: 'light' });
  const paper = () =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await paper();
  await page.getByRole('button', { name: 'Dark theme' }).click();
  const dark = await paper();
  expect(dark).not.toBe(light);
  await page.reload();
  expect(await paper()).toBe(dark);
  await close();
});

test('the list of pages opens and closes on a phone, and its links lead to every page', async () => {
  const { page, close } = await open(browser, addressOf(''), { viewport: SCREENS.phone });
  const menu = page.getByRole('button', { name: 'Pages' });
  const nav = page.getByRole('navigation', { name: 'Pages', exact: true });
  expect(await nav.isVisible()).toBe(false);
  await menu.focus();
  await page.keyboard.press('Enter');
  expect(await nav.isVisible()).toBe(true);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Escape');
  expect(await nav.isVisible()).toBe(false);
  await menu.click();
  const links = await nav
    .getByRole('link')
    .evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
  expect(links).toEqual(pages.map(({ name }) => addressOf(name)));
  for (const link of links) expect((await page.request.get(link)).status()).toBe(200);
  await close();
});
