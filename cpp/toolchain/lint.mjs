// `npm run lint`: Biome, clang-format and clang-tidy; their warnings are errors. `npm run format` (--write)
// fixes what can be fixed automatically.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { nodeProgram } from './build/package.mjs';
import { setUp } from './build/setup.mjs';
import { cleanEnvironment, hash, main, Problem, root, run, say, seconds } from './setup/steps.mjs';
import { clangTidy } from './setup/tools.mjs';

async function sources(pattern) {
  const { output } = await run(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...pattern],
    { quiet: true },
  );
  return output
    .split('\n')
    .filter((name) => name && existsSync(path.join(root, name)))
    .sort();
}

const CPP = ['cpp/*.cpp', 'cpp/*.h', 'tests/*.cpp', 'tests/*.h'];

async function attempt(name, work) {
  const start = performance.now();
  let failure = '';
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    failure = error.message;
  }
  say(`${name}: ${failure || 'nothing found'} (${seconds(start)})`);
  return { name, failure };
}

/** Runs each linter: [{ name, failure }]. `builds` are configured with tests. */
export async function lint(builds, { write = false } = {}) {
  const env = cleanEnvironment();
  const results = [
    await attempt('Biome', () =>
      nodeProgram(
        '@biomejs/biome/bin/biome',
        write
          ? ['check', '--write', '--error-on-warnings', '.']
          : ['ci', '--error-on-warnings', '.'],
        { env },
      ),
    ),
    await attempt('clang-format', async () => {
      const files = await sources(CPP);
      if (files.length === 0) return;
      await nodeProgram(
        'clang-format/index.js',
        [...(write ? ['-i'] : ['--dry-run', '-Werror']), ...files],
        { env },
      );
    }),
  ];
  if (!write) results.push(await attempt('clang-tidy', () => tidy(builds)));
  return results;
}

/** Runs clang-tidy on each source that changed since it was last found clean. */
async function tidy(builds) {
  const program = await clangTidy(builds.emscripten);
  await builds.configure('native', { again: true });
  const folder = builds.folder('native');
  const commands = JSON.parse(readFileSync(path.join(folder, 'compile_commands.json'), 'utf8'));
  const clean = path.join(root, 'build/clang-tidy');
  mkdirSync(clean, { recursive: true });
  const read = (name) => readFileSync(path.join(root, name));
  const headers = (await sources(['cpp/*.h', 'tests/*.h'])).map(read);
  const common = hash(program, read('.clang-tidy'), ...headers);
  const pending = [];
  for (const { file, command } of commands) {
    const name = path.relative(root, file);
    if (name.startsWith('..') || name.includes('node_modules')) continue;
    const stamp = path.join(clean, hash(common, command, readFileSync(file)).slice(0, 24));
    if (!existsSync(stamp)) pending.push({ name, file, stamp });
  }
  if (pending.length === 0) return;
  say(`clang-tidy: ${pending.length} files, some seconds each ...`);
  const failed = [];
  const worker = async () => {
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { code, output } = await run(
        program,
        ['-p', folder, '--quiet', '--extra-arg=-Wno-unknown-warning-option', next.file],
        { quiet: true, check: false },
      );
      if (code === 0) {
        writeFileSync(next.stamp, '');
      } else {
        failed.push(next.name);
        process.stdout.write(`${output.replaceAll(`${root}/`, '')}\n`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker));
  if (failed.length > 0) throw new Problem(`warnings in ${failed.sort().join(', ')}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(async () => {
    const write = process.argv.includes('--write');
    const builds = await setUp({ tests: !write });
    const results = await lint(builds, { write });
    return results.some(({ failure }) => failure) ? 1 : 0;
  });
}
