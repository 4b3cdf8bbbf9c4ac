// Finds Emscripten or installs it for this user. In this order: from the machine (EMSDK, emcc on PATH), an
// earlier installation in the cache folder, emsdk, Debian's packages.

import { existsSync, mkdirSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  debianFolder,
  exposeHeaders,
  unpackDebian,
  unpackedPackages,
  whyNotDebian,
} from './debian.mjs';
import { systemNode } from './nodes.mjs';
import {
  ask,
  atLeast,
  cacheFolder,
  cleanEnvironment,
  findProgram,
  hash,
  locked,
  Problem,
  run,
  say,
  seconds,
  windows,
  writeFile,
} from './steps.mjs';

const MINIMUM = '3.1.69';
const EMSDK_VERSION = '3.1.69';
const EMSDK_SOURCE = 'https://github.com/emscripten-core/emsdk.git';
const EMSDK_COMMIT = 'a36df02dc438e8b02f91122a4c62eeecb6784272';

/** Unpacked together with Emscripten, so that their versions match. */
export const DEBIAN_TOOLS = [
  'clang-tidy',
  'cmake',
  'googletest',
  'libsimde-dev',
  'ninja-build',
  'patchelf',
];
const DEBIAN_EMSCRIPTEN = ['emscripten', ...DEBIAN_TOOLS];

/**
 * Finds Emscripten: { root, version, from, env }. `root` contains emcc; `env` holds the environment variables
 * that CMake's toolchain file and emcc expect.
 */
export async function emscripten() {
  const tried = [];
  const wanted = process.env.FEWBITS_EMSCRIPTEN ?? '';
  const options = wanted
    ? [() => fromDebianRelease(wanted)]
    : [fromMachine, fromCache, fromEmsdk, fromDebian];
  for (const option of options) {
    const found = await option(tried);
    if (found) return found;
  }
  throw new Problem(
    `Emscripten ${MINIMUM} or later is needed, and there is no way to install it here:
${tried.map((line) => `  - ${line}`).join('\n')}
Install it by hand (https://emscripten.org/docs/getting_started/downloads.html), then either put
emcc on PATH or set EMSDK to emsdk's folder, and run this again.`,
  );
}

function described(root, from, env = {}) {
  const emcc = path.join(root, windows ? 'emcc.bat' : 'emcc');
  const version = ask(emcc, ['-dumpversion'], { ...cleanEnvironment(), ...env });
  return {
    root,
    version: version.split('\n').pop(),
    from,
    env: { EMSCRIPTEN_ROOT: root, ...env },
  };
}

/**
 * The environment with the configuration of the given Emscripten, but another Node: a module runs while it is
 * linked, and Node 20 needs a flag for relaxed SIMD.
 */
function withNode(config, env = {}) {
  const { path: node, flags } = systemNode();
  const text = `import os
own = os.environ['EM_CONFIG']
os.environ['EM_CONFIG'] = ${JSON.stringify(config)}
exec(open(os.environ['EM_CONFIG']).read())
os.environ['EM_CONFIG'] = own
NODE_JS = ${JSON.stringify([node, ...flags])}
`;
  const file = path.join(cacheFolder, `emscripten-${hash(text).slice(0, 10)}.config`);
  if (!existsSync(file)) writeFile(file, text);
  return { ...env, EM_CONFIG: file };
}

function fromMachine(tried) {
  const { EMSDK } = process.env;
  const roots = EMSDK ? [[path.join(EMSDK, 'upstream/emscripten'), `EMSDK (${EMSDK})`]] : [];
  const emcc = findProgram('emcc');
  if (emcc) {
    const config = findProgram('em-config');
    const root = (config && ask(config, ['EMSCRIPTEN_ROOT'])) || path.dirname(realpathSync(emcc));
    roots.push([root, `PATH (${emcc})`]);
  }
  for (const [root, from] of roots) {
    const found = existsSync(root) ? described(root, from) : null;
    if (found && atLeast(found.version, MINIMUM)) {
      const config = ask(path.join(root, windows ? 'em-config.bat' : 'em-config'), ['EM_CONFIG']);
      return config && existsSync(config) ? described(root, from, withNode(config)) : found;
    }
    tried.push(`${from} has ${found?.version || 'no working Emscripten'}`);
  }
  return null;
}

const emsdkFolder = path.join(cacheFolder, `emsdk-${EMSDK_VERSION}`);

function fromCache() {
  if (existsSync(emsdkFolder)) return described(...installedEmsdk());
  const unpacked = debianFolder('debian', DEBIAN_EMSCRIPTEN);
  return existsSync(unpacked) ? describedDebian(unpacked) : null;
}

function installedEmsdk(folder = emsdkFolder) {
  const env = withNode(path.join(folder, '.emscripten'), { EMSDK: folder });
  // On Windows and macOS, emsdk brings its own Python.
  const pythons = path.join(folder, 'python');
  if (existsSync(pythons)) {
    const [version] = readdirSync(pythons);
    env.EMSDK_PYTHON = path.join(pythons, version, windows ? 'python.exe' : 'bin/python3');
  }
  return [path.join(folder, 'upstream/emscripten'), 'emsdk', env];
}

async function fromEmsdk(tried) {
  const git = findProgram('git');
  const python = findProgram('python3', 'python');
  if (!git || !python) {
    tried.push('emsdk: it needs git and Python 3');
    return null;
  }
  const env = cleanEnvironment({ GIT_TERMINAL_PROMPT: '0' });
  const tag = `refs/tags/${EMSDK_VERSION}`;
  if (!ask(git, ['ls-remote', '--exit-code', EMSDK_SOURCE, tag], env, 15_000)) {
    tried.push('emsdk: its downloads cannot be reached from here');
    return null;
  }
  say(`Emscripten ${EMSDK_VERSION} by emsdk (300 MB to download, some minutes) ...`);
  const start = performance.now();
  try {
    await locked('emsdk', async () => {
      if (existsSync(emsdkFolder)) return;
      const work = `${emsdkFolder}.installing`;
      rmSync(work, { recursive: true, force: true });
      mkdirSync(cacheFolder, { recursive: true });
      await run(git, ['clone', '--quiet', EMSDK_SOURCE, work], { env });
      await run(git, ['-C', work, 'checkout', '--quiet', EMSDK_COMMIT], { env });
      const emsdk = path.join(work, 'emsdk.py');
      await run(python, [emsdk, 'install', EMSDK_VERSION], { env, cwd: work });
      // The configuration that it writes finds everything relative to its own place.
      await run(python, [emsdk, 'activate', EMSDK_VERSION], { env, cwd: work });
      renameSync(work, emsdkFolder);
    });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    tried.push(`emsdk: ${error.message}`);
    return null;
  }
  const found = described(...installedEmsdk());
  say(`Emscripten ${found.version}: installed in ${seconds(start)}`);
  return found;
}

async function fromDebian(tried) {
  const why = whyNotDebian();
  if (why) {
    tried.push(`Debian's packages: ${why}`);
    return null;
  }
  try {
    return await installDebian('debian', undefined);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    tried.push(`Debian's packages: ${error.message}`);
    return null;
  }
}

/** FEWBITS_EMSCRIPTEN names a Debian release whose Emscripten to use, such as `forky`. */
async function fromDebianRelease(release) {
  const why = whyNotDebian();
  if (why) throw new Problem(`FEWBITS_EMSCRIPTEN=${release}: ${why}`);
  const folder = debianFolder('debian', DEBIAN_EMSCRIPTEN, release);
  return existsSync(folder) ? describedDebian(folder) : installDebian('debian', release);
}

async function installDebian(name, release) {
  say(
    "Emscripten from Debian's packages, into the cache folder (400 MB to download, 1.7 GB on disk; " +
      'one to five minutes) ...',
  );
  const start = performance.now();
  const folder = await unpackDebian({
    name,
    packages: DEBIAN_EMSCRIPTEN,
    release,
    finish: (temporary, final) => {
      exposeHeaders(temporary);
      configure(temporary, final);
    },
  });
  const found = describedDebian(folder);
  if (!atLeast(found.version, MINIMUM)) {
    throw new Problem(`they hold Emscripten ${found.version || 'that does not run'}`);
  }
  say(`Emscripten ${found.version}: installed in ${seconds(start)}`);
  return found;
}

function configure(temporary, final) {
  const llvm = readdirSync(path.join(temporary, 'usr/lib')).find((name) => /^llvm-\d+$/.test(name));
  // Some releases include the compiled system libraries; others compile them when they are first linked.
  const prebuilt = 'usr/share/emscripten/cache';
  const frozen = existsSync(path.join(temporary, prebuilt, 'sysroot'));
  writeFile(
    path.join(temporary, 'emscripten.config'),
    `import os
LLVM_ROOT = '${final}/usr/lib/${llvm}/bin'
BINARYEN_ROOT = '${final}/usr'
NODE_JS = os.environ['FEWBITS_EMSCRIPTEN_NODE'].split(';')
CACHE = '${final}/${frozen ? prebuilt : 'cache'}'
FROZEN_CACHE = ${frozen ? 'True' : 'False'}
LLVM_ADD_VERSION = ''
CLANG_ADD_VERSION = ''
`,
  );
}

function describedDebian(folder) {
  const node = systemNode();
  const found = described(path.join(folder, 'usr/share/emscripten'), "Debian's packages", {
    EM_CONFIG: path.join(folder, 'emscripten.config'),
    EMSDK_PYTHON: path.join(folder, 'usr/bin/python3'),
    // See withNode().
    FEWBITS_EMSCRIPTEN_NODE: [node.path, ...node.flags].join(';'),
    NODE_PATH: path.join(folder, 'usr/share/nodejs'),
  });
  found.folder = folder;
  found.packages = unpackedPackages(folder);
  return found;
}
