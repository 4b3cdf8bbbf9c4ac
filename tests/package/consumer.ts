// The packed package as users get it: installed from the tarball into an empty folder outside of this
// project, next to the small programs of consumers/.

import { spawn } from 'node:child_process';
import { cpSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from '../../cpp/toolchain/setup/npm.mjs';
import { removeFolder, temporaryFolder } from '../support/folders.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The tarball that `npm test` packed, or a new one. */
export async function tarball(): Promise<string> {
  const packed = process.env.FEWBITS_TARBALL;
  if (packed) return packed;
  const folder = temporaryFolder();
  const args = ['pack', '--silent', '--pack-destination', folder];
  await npm(args, { cwd: path.join(root, 'web'), quiet: true });
  return path.join(folder, readdirSync(folder)[0]);
}

export interface Consumer {
  readonly folder: string;
  path(...names: string[]): string;
  remove(): void;
}

/** An empty project with only the package and the programs of consumers/. */
export async function install(): Promise<Consumer> {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const args = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await npm([...args, await tarball()], { cwd: folder, quiet: true });
  cpSync(new URL('consumers', import.meta.url), folder, { recursive: true });
  return {
    folder,
    path: (...names) => path.join(folder, ...names),
    remove: () => removeFolder(folder),
  };
}

/** Runs a program in `cwd`; resolves to its output, whether it failed or not. */
export function run(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
