// Programs from Debian's packages, unpacked into the user's cache folder: without root, and nothing on the
// system changes. apt checks every package against the archive's signature. The mirror is the one that the
// machine itself uses. Long because it contains finding, unpacking and relocating.

import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import {
  ask,
  cacheFolder,
  cleanEnvironment,
  findProgram,
  hash,
  locked,
  readJson,
  run,
  say,
  seconds,
  writeFile,
} from './steps.mjs';

// Change this when the way of unpacking changes, so that old folders are not reused.
const RECIPE = 1;

const LIBRARIES = 'usr/lib/x86_64-linux-gnu';

// Not needed for building: documentation, and Emscripten's libraries for position-independent and 64-bit
// code.
const LEFT_OUT = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'usr/share/info',
  'usr/share/lintian',
  'usr/share/emscripten/test',
  'usr/share/emscripten/docs',
  'usr/share/emscripten/cache/sysroot/lib/wasm32-emscripten/pic',
  'usr/share/emscripten/cache/sysroot/lib/wasm32-emscripten/lto-pic',
  'usr/share/emscripten/cache/sysroot/lib/wasm64-emscripten',
];

// The release that the packages come from. Stable releases, whose versions stay.
const DISTRIBUTIONS = {
  debian: {
    release: 'trixie',
    components: 'main',
    keyring: '/usr/share/keyrings/debian-archive-keyring.gpg',
  },
  ubuntu: {
    release: 'resolute',
    components: 'main universe',
    keyring: '/usr/share/keyrings/ubuntu-archive-keyring.gpg',
  },
};

function distribution() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  let text = '';
  try {
    text = readFileSync('/etc/os-release', 'utf8');
  } catch {
    return null;
  }
  const ids = [...text.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((m) => m[1].split(' '));
  const id = ids.includes('ubuntu') ? 'ubuntu' : ids.includes('debian') ? 'debian' : '';
  return id ? { id, ...DISTRIBUTIONS[id] } : null;
}

/** The reason why Debian's packages cannot be used here, or '' when they can. */
export function whyNotDebian() {
  const here = distribution();
  if (!here) return 'this is not Debian or Ubuntu on x86-64';
  if (!findProgram('apt-get') || !findProgram('dpkg-deb')) return 'apt-get or dpkg-deb is missing';
  if (!existsSync(here.keyring)) return `${here.keyring} is missing`;
  if (!mirror(here)) return "no archive of the distribution is among this machine's apt sources";
  return '';
}

/** The address of the archive in the machine's own apt sources: the plain one, not the security archive. */
function mirror(here) {
  const targets = ask('apt-get', [
    'indextargets',
    '--format',
    '$(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)',
  ]);
  const codename = readFileSync('/etc/os-release', 'utf8').match(/^VERSION_CODENAME=(.*)$/m)?.[1];
  for (const line of targets.split('\n')) {
    const [by, address, release, component] = line.split(' ');
    if (by !== 'Packages' || component !== 'main') continue;
    if (release === codename || release === 'stable' || release === here.release) return address;
  }
  return '';
}

/** The folder where the packages are, or will be, unpacked. */
export function debianFolder(name, packages, release = distribution()?.release) {
  const key = hash(String(RECIPE), release ?? '', ...packages).slice(0, 10);
  return path.join(cacheFolder, `${name}-${release}-${key}`);
}

/**
 * Unpacks `packages` with all their dependencies, and makes their programs run from there. Calls
 * `finish(folder, finalFolder)` before the folder gets its name, which it has only when complete.
 */
export async function unpackDebian({ name, packages, release, finish }) {
  const here = distribution();
  const suite = release ?? here.release;
  const folder = debianFolder(name, packages, suite);
  await locked(path.basename(folder), async () => {
    if (existsSync(folder)) return;
    for (const old of readdirSync(cacheFolder)) {
      if (old.startsWith(`${path.basename(folder)}.unpacking`)) {
        rmSync(path.join(cacheFolder, old), { recursive: true, force: true });
      }
    }
    const archives = await download(here, suite, packages, `${folder}.download`);
    const temporary = `${folder}.unpacking`;
    await unpack(archives, temporary);
    await relocate(temporary, folder);
    await finish?.(temporary, folder);
    writeFile(
      path.join(temporary, 'packages.json'),
      `${JSON.stringify(
        archives.map((file) => decodeURIComponent(path.basename(file, '.deb'))),
        null,
        1,
      )}\n`,
    );
    renameSync(temporary, folder);
    rmSync(`${folder}.download`, { recursive: true, force: true });
  });
  return folder;
}

/** Names and versions of the unpacked packages. */
export function unpackedPackages(folder) {
  return readJson(path.join(folder, 'packages.json'));
}

/** Downloads with apt and its own state: downloads are kept when this is interrupted. */
async function download(here, suite, packages, work) {
  const start = performance.now();
  mkdirSync(path.join(work, 'lists/partial'), { recursive: true });
  mkdirSync(path.join(work, 'archives/partial'), { recursive: true });
  writeFile(path.join(work, 'status'), '');
  writeFile(
    path.join(work, 'sources.list'),
    `deb [arch=amd64 signed-by=${here.keyring}] ${mirror(here)} ${suite} ${here.components}\n`,
  );
  writeFile(
    path.join(work, 'apt.conf'),
    `Dir::State "${work}";
Dir::State::Lists "${work}/lists";
Dir::State::status "${work}/status";
Dir::State::extended_states "${work}/extended_states";
Dir::Cache "${work}";
Dir::Cache::Archives "${work}/archives";
Dir::Etc::SourceList "${work}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Log "${work}";
APT::Architecture "amd64";
APT::Get::List-Cleanup "false";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::Languages "none";
Debug::NoLocking "true";
#clear APT::Architectures;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Install-Pkgs;
#clear DPkg::Post-Invoke;
`,
  );
  const env = cleanEnvironment({ LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' });
  const apt = (...args) =>
    run('apt-get', ['-q', `-c=${path.join(work, 'apt.conf')}`, ...args], { env, quiet: true });
  await apt('-o', 'APT::Update::Error-Mode=any', 'update');
  await apt('autoclean');
  await apt('install', '--no-install-recommends', '--download-only', '-y', ...packages);
  const archives = readdirSync(path.join(work, 'archives'))
    .filter((file) => file.endsWith('.deb'))
    .map((file) => path.join(work, 'archives', file));
  say(`  ${archives.length} packages downloaded and their signatures checked: ${seconds(start)}`);
  return archives;
}

async function unpack(archives, folder) {
  const start = performance.now();
  mkdirSync(folder, { recursive: true });
  const rest = [...archives];
  const excluded = LEFT_OUT.map((name) => `--exclude=./${name}`).join(' ');
  const worker = async () => {
    for (let file = rest.pop(); file; file = rest.pop()) {
      await run(
        'sh',
        [
          '-c',
          // Fails when either side fails: a broken archive ends tar early, too.
          `dpkg-deb --fsys-tarfile "$1" | tar -x --no-same-owner -C "$2" ${excluded}`,
          'sh',
          file,
          folder,
        ],
        { quiet: true },
      );
    }
  };
  await Promise.all([worker(), worker()]);
  say(`  unpacked: ${seconds(start)}`);
}

/** 'program', 'fixed' (a program with fixed addresses), 'library' or '', by a file's ELF header. */
function elfKind(file) {
  const handle = openSync(file, 'r');
  try {
    const header = Buffer.alloc(64);
    if (readSync(handle, header, 0, 64, 0) < 64 || header.readUInt32BE(0) !== 0x7f454c46) return '';
    if (header[4] !== 2) return '';
    const type = header.readUInt16LE(16);
    if (type !== 2 && type !== 3) return '';
    const count = header.readUInt16LE(56);
    const entries = Buffer.alloc(count * 56);
    readSync(handle, entries, 0, entries.length, Number(header.readBigUInt64LE(32)));
    const types = Array.from({ length: count }, (_, i) => entries.readUInt32LE(i * 56));
    const interpreted = types.includes(3);
    const dynamic = types.includes(2);
    if (!dynamic) return '';
    return interpreted ? (type === 2 ? 'fixed' : 'program') : 'library';
  } finally {
    closeSync(handle);
  }
}

/** The binaries in a folder: { program, fixed, library }, each a list of files. */
function binariesBelow(folder) {
  const found = { program: [], fixed: [], library: [] };
  // The C library itself must not be changed.
  const untouched =
    /^(ld-linux.*|lib(c|m|mvec|pthread|dl|rt|util|anl|nsl|resolv|BrokenLocale|c_malloc_debug|memusage|pcprofile|thread_db|nss_.*)\.so.*)$/;
  for (const place of ['usr/bin', 'usr/lib', 'usr/libexec', 'usr/sbin']) {
    const base = path.join(folder, place);
    if (!existsSync(base)) continue;
    for (const entry of readdirSync(base, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath ?? entry.path, entry.name);
      if (!entry.isFile() || untouched.test(entry.name) || file.includes('/gconv/')) continue;
      const kind = elfKind(file);
      if (kind) found[kind].push(file);
    }
  }
  return found;
}

/** Copies patchelf to its own folder, since it writes files in place and must not run from those. */
function patchelfIn(own, folder) {
  mkdirSync(own, { recursive: true });
  for (const name of [
    'ld-linux-x86-64.so.2',
    'libc.so.6',
    'libm.so.6',
    'libstdc++.so.6',
    'libgcc_s.so.1',
  ]) {
    copyFileSync(path.join(folder, LIBRARIES, name), path.join(own, name));
  }
  const patchelf = path.join(own, 'patchelf');
  copyFileSync(path.join(folder, 'usr/bin/patchelf'), patchelf);
  return async (args, files) => {
    for (let i = 0; i < files.length; i += 100) {
      await run(
        path.join(own, 'ld-linux-x86-64.so.2'),
        ['--library-path', own, patchelf, ...args, ...files.slice(i, i + 100)],
        { quiet: true },
      );
    }
  };
}

/**
 * Makes programs use the unpacked C library and loader, so that they run on older systems too, and all
 * binaries use the unpacked libraries.
 */
async function relocate(folder, finalFolder) {
  const start = performance.now();
  const loader = `${LIBRARIES}/ld-linux-x86-64.so.2`;
  const folders = readdirSync(path.join(folder, 'usr/lib'))
    .filter((name) => /^llvm-\d+$/.test(name))
    .map((name) => `${finalFolder}/usr/lib/${name}/lib`);
  const search = [`${finalFolder}/${LIBRARIES}`, ...folders].join(':');
  const found = binariesBelow(folder);
  const own = `${folder}.patchelf`;
  const patch = patchelfIn(own, folder);
  const paths = ['--force-rpath', '--set-rpath', search];
  const interpreter = ['--set-interpreter', path.join(finalFolder, loader)];
  await patch([...interpreter, ...paths], found.program);
  await patch(paths, found.library);
  rmSync(own, { recursive: true });
  // patchelf breaks programs with fixed addresses, such as Python: those are started by a script.
  for (const file of found.fixed) {
    renameSync(file, `${file}.bin`);
    const final = path.join(finalFolder, path.relative(folder, file));
    writeFileSync(
      file,
      `#!/bin/sh
exec '${finalFolder}/${loader}' --argv0 "$0" --library-path '${search}' '${final}.bin' "$@"
`,
      { mode: 0o755 },
    );
  }
  const count = Object.values(found).reduce((sum, files) => sum + files.length, 0);
  say(`  ${count} binaries relocated: ${seconds(start)}`);
}

/** Creates a folder that contains only SIMDe's headers from the unpacked system. */
export function exposeHeaders(folder) {
  const headers = path.join(folder, 'headers');
  mkdirSync(headers, { recursive: true });
  symlinkSync('../usr/include/simde', path.join(headers, 'simde'));
}
