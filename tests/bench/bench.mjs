// `npm run bench [-- case ...] [--node] [--chromium] [--variant relaxed|simd128] [--quick]`: how fast
// the kernels are, end to end from JavaScript arrays to JavaScript arrays. Ratios are to baselines in
// the same run; nothing passes or fails by time.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CASES, runCases } from './run.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'boolean' },
    chromium: { type: 'boolean' },
    variant: { type: 'string', multiple: true },
    quick: { type: 'boolean' },
  },
});
const names = positionals.length > 0 ? positionals : CASES;
for (const name of names) {
  if (!CASES.includes(name)) throw new Error(`no case '${name}'; there are ${CASES.join(', ')}`);
}
const variants = flags.variant ?? ['relaxed', 'simd128'];
const everywhere = !flags.node && !flags.chromium;

function print(row) {
  const rate = row.bytes ? `${(row.bytes / row.ms / 1e6).toFixed(2)} GB/s` : '';
  const ratios = Object.entries(row.ratios ?? {})
    .map(([name, ratio]) => `${ratio.toFixed(2)}x ${name}`)
    .join('   ');
  const cells = [row.case.padEnd(16), row.name.padEnd(44), `${row.ms.toFixed(2)} ms`.padStart(11)];
  console.log([...cells, rate.padStart(11), ` ${ratios}`].join(' '));
}

function heading(text) {
  console.log(`\n${text}\n${'-'.repeat(text.length)}`);
}

async function inNode() {
  const { load, support } = await import('fewbits');
  for (const variant of variants) {
    if (variant === 'relaxed' && !support().relaxedSimd) {
      console.log(`\nNode ${process.version} lacks relaxed SIMD: that build is left out`);
      continue;
    }
    heading(`Node ${process.version}, ${variant}`);
    const fb = await load({ variant });
    for await (const row of runCases(fb, names, { quick: flags.quick })) print(row);
  }
}

async function inChromium() {
  const { chromium } = await import('../../cpp/toolchain/chromium.mjs');
  process.env.CHROMIUM = await chromium();
  const { launch, serve } = await import('../support/browser.ts');
  // Cross-origin isolation gives the page a finer clock.
  const headers = {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  };
  const server = await serve(fileURLToPath(new URL('../..', import.meta.url)), { headers });
  const browser = await launch();
  try {
    for (const variant of variants) {
      heading(`Chromium ${browser.version()}, ${variant}`);
      const page = await browser.newPage();
      page.on('pageerror', (error) => console.error(error));
      await page.exposeFunction('report', print);
      await page.goto(`${server.url}tests/bench/bench.html`);
      await page.waitForFunction(() => 'bench' in globalThis);
      await page.evaluate(
        ([variant, names, quick]) => globalThis.bench(variant, names, quick),
        [variant, names, flags.quick],
      );
      await page.close();
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

if (everywhere || flags.node) await inNode();
if (everywhere || flags.chromium) await inChromium();
