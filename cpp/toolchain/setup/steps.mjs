// The parts of set-up scripts: steps that report what they do, and running of programs.

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const windows = process.platform === 'win32';

/** The user's cache folder of this project: toolchains are kept here, shared by all clones. */
export const cacheFolder = path.join(
  process.env.XDG_CACHE_HOME ||
    (windows && process.env.LOCALAPPDATA) ||
    path.join(homedir(), '.cache'),
  'fewbits',
);

/** Something that the user must know or do; shown without a stack. */
export class Problem extends Error {}

export function say(text) {
  process.stdout.write(`[fewbits] ${text}\n`);
}

export function seconds(since) {
  const s = (performance.now() - since) / 1000;
  return s < 90 ? `${s.toFixed(1)} s` : `${Math.floor(s / 60)} min ${Math.round(s % 60)} s`;
}

/**
 * Runs `run` unless `done` tells that nothing is left to do. Reports what happens and how long it may take
 * before it starts, so that nobody wonders whether it hangs.
 */
export async function step(what, { takes = '', done, run }) {
  if (await done?.()) {
    say(`${what}: up to date`);
    return;
  }
  say(`${what}${takes ? ` (${takes})` : ''} ...`);
  const start = performance.now();
  const note = await run();
  say(`${what}: done in ${seconds(start)}${typeof note === 'string' ? `, ${note}` : ''}`);
}

/** The environment without npm's additions to PATH, so that `node` is the machine's own. */
export function cleanEnvironment(extra = {}) {
  const env = { ...process.env };
  // npm sets NODE, which Emscripten would take for its own setting.
  delete env.NODE;
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  env[name] = (env[name] ?? '')
    .split(path.delimiter)
    .filter((folder) => !folder.includes('node_modules') && !folder.includes('node-gyp-bin'))
    .join(path.delimiter);
  return Object.assign(env, extra);
}

/**
 * Runs a program to its end. Its output is shown, or with `quiet` kept and shown only if it fails; resolves
 * to the kept output.
 */
export function run(
  command,
  args,
  { cwd = root, env = cleanEnvironment(), quiet = false, check = true, timeout = 0 } = {},
) {
  return new Promise((resolve, reject) => {
    // A .bat or .cmd needs a shell; our own arguments contain nothing that a shell would interpret.
    const shell = windows && /\.(bat|cmd)$/i.test(command);
    const child = spawn(shell ? `"${command}"` : command, args, {
      cwd,
      env,
      shell,
      timeout,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    child.on('error', (error) => reject(new Problem(`${command}: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0 || !check) {
        resolve({ code: code ?? 1, signal, output });
        return;
      }
      if (quiet) process.stderr.write(output.split('\n').slice(-60).join('\n'));
      const how = signal ? `was ended by ${signal}` : `failed with exit code ${code}`;
      reject(new Problem(`${path.basename(command)} ${args.slice(0, 3).join(' ')} ... ${how}`));
    });
  });
}

/** The first line that a program prints, or '' when it cannot be run. */
export function ask(command, args, env = cleanEnvironment(), timeout = 20_000) {
  const shell = windows && /\.(bat|cmd)$/i.test(command);
  const result = spawnSync(shell ? `"${command}"` : command, args, {
    env,
    shell,
    timeout,
    encoding: 'utf8',
  });
  return result.status === 0 ? result.stdout.trim() : '';
}

/** The full path of a program on PATH (without npm's additions), or ''. */
export function findProgram(...names) {
  const env = cleanEnvironment();
  const folders = (env.PATH ?? env.Path ?? '').split(path.delimiter).filter(Boolean);
  const endings = windows ? ['.exe', '.bat', '.cmd'] : [''];
  for (const name of names) {
    for (const folder of folders) {
      for (const ending of endings) {
        const file = path.join(folder, name + ending);
        if (existsSync(file) && statSync(file).isFile()) return file;
      }
    }
  }
  return '';
}

/** Whether `version` is at least `minimum`, as dotted version numbers. */
export function atLeast(version, minimum) {
  const a = version.match(/\d+/g)?.map(Number) ?? [0];
  const b = minimum.split('.').map(Number);
  for (let i = 0; i < b.length; ++i) {
    if ((a[i] ?? 0) !== b[i]) return (a[i] ?? 0) > b[i];
  }
  return true;
}

export function hash(...parts) {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part).update('\0');
  return sum.digest('hex');
}

export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Writes a file completely or not at all. */
export function writeFile(file, text) {
  mkdirSync(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Holds a lock in the cache folder while `work` runs; the lock of a dead process is taken over. */
export async function locked(name, work) {
  const lock = path.join(cacheFolder, `${name}.lock`);
  mkdirSync(cacheFolder, { recursive: true });
  let told = false;
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
      if (holder && !alive(holder)) {
        rmSync(lock, { force: true });
        continue;
      }
      if (!told) say(`waiting for another process that sets up ${name}`);
      told = true;
      await sleep(500);
    }
  }
  const free = () => rmSync(lock, { force: true });
  process.once('exit', free);
  try {
    return await work();
  } finally {
    process.off('exit', free);
    free();
  }
}

/** Runs the main function of a script; a Problem ends it with only its message. */
export async function main(body) {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      process.stderr.write('\n[fewbits] interrupted; run it again to go on from here\n');
      process.exit(signal === 'SIGINT' ? 130 : 143);
    });
  }
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    process.stderr.write(
      `\n[fewbits] ${error instanceof Problem ? error.message : (error?.stack ?? error)}\n`,
    );
    process.exitCode = 1;
  }
}
