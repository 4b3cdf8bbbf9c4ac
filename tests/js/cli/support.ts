// Helpers that run the `fewbits` command as users run it, in a temporary folder.

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { useFolder } from '../../support/folders.ts';

const main = fileURLToPath(new URL('../../../web/dist/cli/main.js', import.meta.url));

/** Output and exit status of a run. */
export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** The command in a folder that is removed after the tests of the file. */
export function useCommand() {
  const { folder, at: path } = useFolder();
  const start = (args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [main, ...args], { cwd: folder });
  return {
    folder,
    path,
    start,
    read: (name: string) => new Uint8Array(readFileSync(path(name))),
    /** Names of the files in the folder. */
    names: () => readdirSync(folder).sort(),
    fewbits: (...args: string[]) => ended(start(args)),
  };
}

/** Waits for the end of a run. */
export async function ended(child: ChildProcess): Promise<Run> {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (text) => {
    out += text;
  });
  child.stderr?.on('data', (text) => {
    err += text;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });
}

/** Values of a small tensor. */
export const values = Float32Array.from({ length: 32 * 256 }, (_, i) => Math.sin(i * i) * (i % 7));
