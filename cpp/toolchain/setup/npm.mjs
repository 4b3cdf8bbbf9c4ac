// npm packages: exactly those of the lock file, installed once per version of it.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { systemNode } from './nodes.mjs';
import { cleanEnvironment, hash, Problem, root, run, step } from './steps.mjs';

const stamp = path.join(root, 'node_modules/.fewbits');

function state() {
  const files = ['package-lock.json', 'package.json', 'web/package.json', 'site/package.json'];
  return hash(
    process.platform,
    process.arch,
    ...files
      .map((name) => path.join(root, name))
      .filter(existsSync)
      .map((name) => readFileSync(name)),
  );
}

/** Runs npm with the machine's own Node. */
export function npm(args, options = {}) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('.js')) {
    return run(systemNode().path, [cli, ...args], options);
  }
  return run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, options);
}

export async function packages() {
  if (Number.parseInt(process.versions.node, 10) < 20) {
    throw new Problem(`Node 20.19 or later is needed; this is ${process.versions.node}`);
  }
  const wanted = state();
  await step('npm packages', {
    takes: '200 MB, up to two minutes',
    done: () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted,
    run: async () => {
      await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], { env: cleanEnvironment() });
      writeFileSync(stamp, wanted);
    },
  });
}
