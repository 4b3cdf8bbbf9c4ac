// Output of the `fewbits` command: complete files or none, never over an input, never replacing anything but
// a file.

import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { readSafetensors, writeGguf, writeNpy, writeSafetensors } from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { ended, useCommand, values } from './support.ts';

const { fewbits, path, start, read, names, folder } = useCommand();
const posix = process.platform !== 'win32';

const model = writeGguf([], [{ name: 'w.weight', type: 'F32', shape: [32, 256], data: values }]);
writeFileSync(path('in.gguf'), model);
writeFileSync(path('in.npy'), writeNpy({ data: values, shape: [32, 256] }));
const quantize = (output: string, ...more: string[]) =>
  fewbits('quantize', 'in.gguf', output, '--type', 'Q8_0', '--quiet', ...more);
const embed = (output: string) => fewbits('embed-quantize', 'in.npy', output, '--quiet');

const right = await quantize('right.gguf').then(() => read('right.gguf'));
const same = (one: Uint8Array, two: Uint8Array) => expect(Buffer.compare(one, two)).toBe(0);

describe('the input', () => {
  it.runIf(posix)('is not the output under another name', async () => {
    symlinkSync(folder, path('linked'));
    symlinkSync('in.gguf', path('link.gguf'));
    linkSync(path('in.gguf'), path('hard.gguf'));
    for (const name of ['in.gguf', './in.gguf', 'linked/in.gguf', 'link.gguf', 'hard.gguf']) {
      const { code, err } = await quantize(name);
      expect(err).toMatch(/in and out are the same file: 'in\.gguf'/);
      expect(code).toBe(2);
      same(read('in.gguf'), model);
    }
    linkSync(path('in.npy'), path('hard.npy'));
    expect((await embed('hard.npy')).err).toMatch(/in and out are the same file/);
    for (const name of ['linked', 'link.gguf', 'hard.gguf', 'hard.npy']) unlinkSync(path(name));
  });
});

describe('an earlier output', () => {
  it('stays until the new one is whole', async () => {
    writeFileSync(path('old.gguf'), 'an earlier one');
    const bad = values.slice();
    bad[8000] = Number.NaN;
    writeFileSync(
      path('bad.gguf'),
      writeGguf([], [{ name: 'w.weight', type: 'F32', shape: [32, 256], data: bad }]),
    );
    const before = names();
    const failed = await fewbits('quantize', 'bad.gguf', 'old.gguf', '--type', 'Q8_0');
    expect(failed.code).toBe(1);
    expect(readFileSync(path('old.gguf'), 'utf8')).toBe('an earlier one');
    expect(names()).toEqual(before);
    expect((await quantize('old.gguf')).code).toBe(0);
    same(read('old.gguf'), right);
    expect(names()).toEqual(before);
  });

  it.runIf(posix)('gives its mode, and a link to it stays a link', async () => {
    writeFileSync(path('mode.gguf'), 'x');
    chmodSync(path('mode.gguf'), 0o640);
    symlinkSync('mode.gguf', path('to-mode.gguf'));
    expect((await quantize('to-mode.gguf')).code).toBe(0);
    expect(readlinkSync(path('to-mode.gguf'))).toBe('mode.gguf');
    expect(statSync(path('mode.gguf')).mode & 0o7777).toBe(0o640);
    same(read('mode.gguf'), right);
    symlinkSync('not-there.gguf', path('dangling.gguf'));
    expect((await quantize('dangling.gguf')).code).toBe(0);
    same(read('not-there.gguf'), right);
    symlinkSync('loop.gguf', path('loop.gguf'));
    expect((await quantize('loop.gguf')).code).not.toBe(0);
    unlinkSync(path('loop.gguf'));
  });
});

describe('files of the user', () => {
  it.runIf(posix)('are left alone, whatever they are called', async () => {
    writeFileSync(path('a.gguf.partial'), 'mine');
    writeFileSync(path('other.txt'), 'mine');
    symlinkSync('other.txt', path('b.gguf.partial'));
    for (const name of ['a.gguf', 'b.gguf']) expect((await quantize(name)).code).toBe(0);
    for (const name of ['a.gguf.partial', 'other.txt'])
      expect(readFileSync(path(name), 'utf8')).toBe('mine');
    expect(names().filter((name) => name.startsWith('.fewbits'))).toEqual([]);
  });

  it('may begin with a dash', async () => {
    expect(
      (await fewbits('quantize', '--type', 'Q8_0', '--quiet', '--', 'in.gguf', '-x.gguf')).code,
    ).toBe(0);
    same(read('-x.gguf'), right);
    expect((await fewbits('inspect', '--', '-x.gguf')).out).toMatch(/^-x\.gguf: GGUF version 3/);
    writeFileSync(path('--help'), right);
    expect((await fewbits('inspect', '--', '--help')).out).toMatch(/^--help: GGUF version 3/);
  });

  it('may have a name as long as there can be', async () => {
    const name = `${'n'.repeat(250)}.gguf`;
    expect((await quantize(name)).code).toBe(0);
    same(read(name), right);
  });
});

describe.runIf(posix)('what is no file', () => {
  it('a pipe takes the bytes and stays', async () => {
    expect(spawnSync('mkfifo', [path('pipe')]).status).toBe(0);
    for (const [run, expected] of [
      [quantize, right],
      [embed, undefined],
    ] as const) {
      const reader = spawn('cat', [path('pipe')]);
      const pieces: Buffer[] = [];
      reader.stdout.on('data', (piece) => pieces.push(piece));
      const closed = new Promise((resolve) => reader.on('close', resolve));
      expect(await run('pipe')).toMatchObject({ code: 0, out: '', err: '' });
      await closed;
      expect(lstatSync(path('pipe')).isFIFO()).toBe(true);
      if (expected) same(Buffer.concat(pieces), expected);
      else expect(readSafetensors(Buffer.concat(pieces).slice()).tensors.length).toBe(2);
    }
    const verified = await quantize('pipe', '--verify');
    expect(verified.err).toMatch(/'pipe' cannot be read again: --verify needs a file/);
    expect(verified.code).toBe(2);
  });

  it('a device takes the bytes and stays; one that is full says so', async () => {
    expect((await quantize('/dev/null')).code).toBe(0);
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
    const full = await quantize('/dev/full');
    expect(full.err).toMatch(/^fewbits: no room for '\/dev\/full': ENOSPC/);
    expect(full.code).toBe(1);
  });

  it('a socket and a folder are refused', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(path('socket'), done));
    mkdirSync(path('out'));
    for (const [output, says] of [
      ['socket', /'socket' is a socket, no file/],
      ['out', /'out' is a folder: give the name of a file in it/],
    ] as const) {
      const { code, err } = await quantize(output);
      expect(err).toMatch(says);
      expect(code).toBe(2);
    }
    expect(lstatSync(path('socket')).isSocket()).toBe(true);
    await new Promise((done) => server.close(done));
  });

  it('an input is refused, and does not wait for a writer', async () => {
    const { code, err } = await fewbits('quantize', 'pipe', 'x.gguf', '--type', 'Q8_0');
    expect(err).toMatch(/'pipe' is no regular file/);
    expect(code).toBe(2);
    expect((await fewbits('inspect', '/dev/zero')).err).toMatch(/is no regular file/);
  });
});

describe.runIf(posix)('a run that is cut short', () => {
  const data = new Float32Array(1 << 21).map((_, i) => (i * 2654435761) % 1021);
  const tensors = Array.from({ length: 4 }, (_, i) => ({
    name: `w${i}`,
    shape: [2048, 1024],
    data,
  }));
  const args = ['large.safetensors', 'never.gguf', '--type', 'Q2_K', '--threads', '1'];

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s leaves nothing behind', async (signal, code) => {
    writeFileSync(path('large.safetensors'), writeSafetensors(tensors));
    writeFileSync(path('never.gguf'), 'an earlier one');
    const before = names();
    const child = start(['quantize', ...args]);
    const over = ended(child);
    while (names().length === before.length) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill(signal);
    expect(await over).toMatchObject({ code, signal: null, err: 'fewbits: interrupted\n' });
    expect(names()).toEqual(before);
    expect(readFileSync(path('never.gguf'), 'utf8')).toBe('an earlier one');
  });

  it('by a full disk says so, and leaves nothing behind', async () => {
    const before = names();
    const main = new URL('../../../web/dist/cli/main.js', import.meta.url).pathname;
    const limited = 'ulimit -f 1024; trap "" XFSZ; exec "$@"';
    const words = [process.execPath, main, 'quantize', ...args];
    const result = spawnSync('sh', ['-c', limited, 'sh', ...words], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(result.stderr).toMatch(/^fewbits: no room for 'never\.gguf': EFBIG/);
    expect(result.status).toBe(1);
    expect(names()).toEqual(before);
    rmSync(path('large.safetensors'));
  });
});
