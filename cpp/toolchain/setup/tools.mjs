// CMake, Ninja, GoogleTest, SIMDe, clang-tidy and a native compiler: the machine's own, or those unpacked
// with Emscripten, or a message that says what to install.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { exposeHeaders, unpackDebian, whyNotDebian } from './debian.mjs';
import { DEBIAN_TOOLS } from './emscripten.mjs';
import {
  ask,
  atLeast,
  cacheFolder,
  findProgram,
  locked,
  Problem,
  run,
  say,
  windows,
} from './steps.mjs';

const CMAKE_MINIMUM = '3.24';
const GOOGLETEST = {
  source: 'https://github.com/google/googletest.git',
  commit: '52eb8108c5bdec04579160ae17225d66034bd723',
};
const SIMDE = {
  source: 'https://github.com/simd-everywhere/simde.git',
  commit: '71fd833d9666141edcd1d3c109a80e228303d8d7',
};

let unpacked;

/** The folder of Debian's tools: Emscripten's own, or one without Emscripten if that is elsewhere. */
async function debianTools(emscripten) {
  if (emscripten.folder) return emscripten.folder;
  if (unpacked === undefined) {
    unpacked = '';
    if (!whyNotDebian()) {
      say("Tools from Debian's packages, into the cache folder (some minutes at most) ...");
      unpacked = await unpackDebian({
        name: 'tools',
        packages: DEBIAN_TOOLS,
        finish: exposeHeaders,
      });
    }
  }
  return unpacked;
}

function versionOf(program) {
  return ask(program, ['--version']).match(/\d+(\.\d+)+/)?.[0] ?? '';
}

async function tool(emscripten, name, minimum, hint) {
  const found = findProgram(name);
  if (found && atLeast(versionOf(found), minimum)) return found;
  const folder = await debianTools(emscripten);
  const file = folder && path.join(folder, 'usr/bin', name);
  if (file && existsSync(file)) return file;
  throw new Problem(`${name} ${minimum} or later is needed. ${hint}`);
}

/** { cmake, ninja }: the tools of every build. */
export async function buildTools(emscripten) {
  const hint = `Install CMake and Ninja: on macOS \`brew install cmake ninja\`, on Windows
\`winget install Kitware.CMake Ninja-build.Ninja\`, elsewhere from your distribution.`;
  return {
    cmake: await tool(emscripten, 'cmake', CMAKE_MINIMUM, hint),
    ninja: await tool(emscripten, 'ninja', '1.10', hint),
  };
}

async function checkout(name, { source, commit }) {
  const folder = path.join(cacheFolder, `${name}-${commit.slice(0, 10)}`);
  if (existsSync(folder)) return folder;
  say(`${name} from its repository (a minute) ...`);
  const { renameSync, rmSync } = await import('node:fs');
  await locked(name, async () => {
    const work = `${folder}.cloning`;
    rmSync(work, { recursive: true, force: true });
    await run('git', ['clone', '--quiet', source, work]);
    await run('git', ['-C', work, 'checkout', '--quiet', commit]);
    renameSync(work, folder);
  });
  return folder;
}

/** { googletest, simde }: folders of the sources that the C++ tests are compiled with. */
export async function testSources(emscripten) {
  const folder = await debianTools(emscripten);
  if (folder) {
    return {
      googletest: path.join(folder, 'usr/src/googletest'),
      simde: path.join(folder, 'headers'),
    };
  }
  const installed = {
    googletest: process.env.GOOGLETEST_SOURCE_DIR || '/usr/src/googletest',
    simde: '/usr/include',
  };
  return {
    googletest: existsSync(path.join(installed.googletest, 'googletest/src/gtest-all.cc'))
      ? installed.googletest
      : await checkout('googletest', GOOGLETEST),
    simde: existsSync(path.join(installed.simde, 'simde/wasm/simd128.h'))
      ? installed.simde
      : await checkout('simde', SIMDE),
  };
}

/** clang-tidy in the version that the code is kept clean with. */
export async function clangTidy(emscripten) {
  const folder = await debianTools(emscripten);
  const file = folder && path.join(folder, 'usr/bin/clang-tidy');
  if (file && existsSync(file)) return file;
  const found = findProgram('clang-tidy-19', 'clang-tidy');
  if (found) return found;
  throw new Problem('clang-tidy is needed. Install it, best in version 19.');
}

/** Installs Debian packages on the system, if no password is needed. */
export async function installWithApt(what, packages) {
  if (!findProgram('apt-get')) return false;
  const isRoot = process.getuid?.() === 0;
  const sudo = findProgram('sudo');
  if (!isRoot && !(sudo && ask(sudo, ['-n', 'echo', 'yes']) === 'yes')) return false;
  const apt = (...args) =>
    run(isRoot ? 'apt-get' : sudo, [...(isRoot ? [] : ['-n', 'apt-get']), '-q', '-y', ...args], {
      quiet: true,
    });
  say(`${what}: apt-get install ${packages.join(' ')} (some minutes at most) ...`);
  await apt('update');
  await apt('install', '--no-install-recommends', ...packages);
  return true;
}

/** The compiler of the native builds: CXX, else g++ or clang++ on PATH, else Debian's g++. */
export async function nativeCompiler() {
  const find = () =>
    process.env.CXX || findProgram(...(windows ? ['clang++', 'g++'] : ['g++', 'clang++', 'c++']));
  if (!find()) await installWithApt('C++ compiler', ['g++', 'libc6-dev']);
  const found = find();
  if (found) return found;
  throw new Problem(
    'A C++20 compiler is needed for the native tests: install g++ (Debian and Ubuntu: ' +
      '`apt-get install g++`), Clang or the Xcode command line tools, or set CXX.',
  );
}
