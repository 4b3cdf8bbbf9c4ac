// Benchmarks of the kernels, end to end from JavaScript arrays to JavaScript arrays: `npm run bench [-- case
// ...] [--node] [--chromium] [--variant relaxed|simd128] [--quick]`. Ratios are to baselines in the same run;
// nothing passes or fails by time. `--node` uses the Node that npm uses, `--every-node` the machine's own
// too. `--million` adds a million vectors to the case 'vectors'.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { described, testNodes } from '../../cpp/toolchain/setup/nodes.mjs';
import { heading, print } from './report.mjs';
import { CASES } from './run.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'boolean' },
    'every-node': { type: 'boolean' },
    chromium: { type: 'boolean' },
    variant: { type: 'string', multiple: true },
    quick: { type: 'boolean' },
    million: { type: 'boolean' },
  },
});
const names = positionals.length > 0 ? positionals : CASES;
for (const name of names) {
  if (!CASES.includes(name)) throw new Error(`no case '${name}'; there are ${CASES.join(', ')}`);
}
const variants = flags.variant ?? ['relaxed', 'simd128'];
const options = { quick: flags.quick, million: flags.million };
const everywhere = !flags.node && !flags['every-node'] && !flags.chromium;

function inNode() {
  const nodes = flags['every-node'] ? testNodes() : [described(process.execPath)];
  const script = fileURLToPath(new URL('node.mjs', import.meta.url));
  const task = JSON.stringify({ variants, names, options });
  for (const { path, flags } of nodes) {
    const { status } = spawnSync(path, [...flags, script, task], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = 1;
  }
}

async function inChromium() {
  const { chromium } = await import('../../cpp/toolchain/setup/chromium.mjs');
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
        ([variant, names, options]) => globalThis.bench(variant, names, options),
        [variant, names, options],
      );
      await page.close();
    }
  } finally {
    await browser.close();
    await server.close();
  }
}

if (everywhere || flags.node || flags['every-node']) inNode();
if (everywhere || flags.chromium) await inChromium();
