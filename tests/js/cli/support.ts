// The `fewbits` command, run as its users run it, in a folder of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { useFolder } from '../../support/folders.ts';

const main = fileURLToPath(new URL('../../../web/dist/cli/main.js', import.meta.url));

/** What a run of the command said, and how it ended. */
export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** The command in a folder that is there until the tests of a file are over. */
export function useCommand() {
  const { folder, at: path } = useFolder();
  const start = (args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [main, ...args], { cwd: folder });
  return {
    folder,
    path,
    start,
    read: (name: string) => new Uint8Array(readFileSync(path(name))),
    /** What is in the folder. */
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
