// The `fewbits` command, run as its users run it.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'fewbits';
import {
  readGguf,
  readSafetensors,
  uniformFromSafetensors,
  writeGguf,
  writeNpy,
  writeSafetensors,
} from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { useFolder } from '../../support/folders.ts';
import { GgufBuilder, handmadeGguf } from '../io/gguf-builder.js';

const main = fileURLToPath(new URL('../../../web/dist/cli/main.js', import.meta.url));
const fb = await load();
const { folder, at: path } = useFolder();
const read = (name: string) => new Uint8Array(readFileSync(path(name)));

function start(args: string[]): ChildProcess {
  return spawn(process.execPath, [main, ...args], { cwd: folder });
}

async function fewbits(...args: string[]) {
  const child = start(args);
  let [out, err] = ['', ''];
  child.stdout?.on('data', (text) => {
    out += text;
  });
  child.stderr?.on('data', (text) => {
    err += text;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, out, err };
}

const values = Float32Array.from({ length: 32 * 256 }, (_, i) => Math.sin(i * i) * (i % 7));

describe('help and usage', () => {
  it('each command explains itself', async () => {
    for (const [args, says] of [
      [['--help'], 'embed-quantize'],
      [['quantize', '--help'], '--rule NAME=TYPE'],
      [['inspect', '-h'], '--json'],
      [['embed-quantize', '--help'], '--bits N'],
    ] as const) {
      const { code, out } = await fewbits(...args);
      expect(code).toBe(0);
      expect(out).toContain(says);
      expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
    }
    const { version } = JSON.parse(
      readFileSync(new URL('../../../web/package.json', import.meta.url), 'utf8'),
    );
    expect((await fewbits('--version')).out).toBe(`${version}\n`);
  });

  it('wrong usage is exit code 2 and one line that says what', async () => {
    for (const [args, says] of [
      [[], /which command/],
      [['toString'], /no command 'toString'/],
      [['quantize', 'a', 'b'], /--type is missing/],
      [['quantize', 'a'], /expected <in> <out.gguf>/],
      [['quantize', 'a', './a', '--type', 'Q4_K'], /the same file/],
      [['quantize', 'a', 'b', '--type', 'Q9'], /--type must be one of keep, F32/],
      [['quantize', 'a', 'b', '--type', 'Q4_K', '--rule', 'x'], /NAME=TYPE/],
      [['quantize', 'a', 'b', '--typ', 'Q4_K'], /--typ/],
      [['quantize', 'a', 'b', '--type', 'Q4_K', '--threads', '0'], /--threads/],
      [['embed-quantize', 'a', 'b', '--bits', '9'], /--bits must be an integer from 2 to 8/],
    ] as const) {
      const { code, err } = await fewbits(...args);
      expect(err).toMatch(says);
      expect(err).not.toContain('    at ');
      expect(code).toBe(2);
    }
  });

  it('what cannot be read is exit code 1 and one line that says what', async () => {
    writeFileSync(path('text.gguf'), 'GGUF but nothing else');
    writeFileSync(path('old.gguf'), new GgufBuilder().start(0, 0, 1).done());
    for (const [args, says] of [
      [['inspect', 'absent.npy'], /ENOENT.*absent\.npy/],
      [['inspect', 'text.gguf'], /the start of the file at offset 0 needs 24 bytes/],
      [['quantize', 'old.gguf', 'x.gguf', '--type', 'Q4_K'], /version 1 is not 2 or 3/],
    ] as const) {
      const { code, err } = await fewbits(...args);
      expect(err).toMatch(says);
      expect(err.trim().split('\n').length).toBe(1);
      expect(code).toBe(1);
    }
  });
});

describe('quantize', () => {
  it('a safetensors model, with threads or without', async () => {
    const file = writeSafetensors([
      { name: 'a', shape: [32, 256], data: values },
      { name: 'b', shape: [32, 256], data: values, dtype: 'F16' },
      { name: 'norm', shape: [256], data: values.subarray(0, 256) },
      { name: 'mask', shape: [4], data: new Uint8Array(4) },
    ]);
    writeFileSync(path('model.safetensors'), file);
    const options = ['--type', 'q4_k', '--rule', 'mask=drop', '--rule', 'b*=Q8_0'];
    const args = [...options, '--meta', 'general.name=x=y'];
    const first = await fewbits('quantize', 'model.safetensors', 'one.gguf', ...args);
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(/^one\.gguf: 3 tensors, 49\.\d KiB to 1\d\.\d KiB, \d+\.\d s\n$/);
    const threads = ['--threads', '2', '--quiet'];
    const second = await fewbits('quantize', 'model.safetensors', 'two.gguf', ...args, ...threads);
    expect(second).toEqual({ code: 0, out: '', err: '' });
    expect(Buffer.compare(read('one.gguf'), read('two.gguf'))).toBe(0);
    const made = readGguf(read('one.gguf'));
    expect(made.bytes('a')).toEqual(fb.ggml.quantize(values, 'Q4_K', { rowLength: 256 }));
    expect(made.tensor('b').type).toBe('Q8_0');
    expect(made.metadata.get('general.name')?.value).toBe('x=y');
    const verified = await fewbits(
      'quantize',
      'model.safetensors',
      'two.gguf',
      ...args,
      '--verify',
    );
    expect(verified.out).toMatch(/^a +Q4_K +\d\.\d\d % +0\.\d+$/m);
    expect(verified.out).toMatch(/^all that was converted: \d\.\d\d %$/m);
    const dry = await fewbits('quantize', 'one.gguf', 'no.gguf', '--type', 'Q8_0', '--dry-run');
    expect(dry.out).toMatch(/^a +32 x 256 +Q4_K +keep +4608 +kept: /m);
    expect(existsSync(path('no.gguf'))).toBe(false);
  });

  it('a mixture with an importance matrix', async () => {
    const tensors = ['blk.0.attn_v.weight', 'blk.1.attn_q.weight', 'output.weight'];
    const entry = { type: 'F32' as const, shape: [32, 256], data: values };
    writeFileSync(
      path('four.gguf'),
      writeGguf(
        [],
        tensors.map((name) => ({ name, ...entry })),
      ),
    );
    const weights = new Float32Array(256).map((_, i) => 1 + (i % 5));
    const name = Buffer.from('blk.1.attn_q.weight');
    const int32 = (value: number) => Buffer.from(new Int32Array([value]).buffer);
    const dat = [int32(1), int32(name.length), name, int32(1), int32(256), weights];
    writeFileSync(
      path('four.dat'),
      Buffer.concat(dat.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength))),
    );
    const args = ['four.gguf', 'mixed.gguf', '--type', 'q4_k_m', '--imatrix', 'four.dat'];
    const { code, out } = await fewbits('quantize', ...args);
    expect(code).toBe(0);
    expect(out).toContain(
      'importance for 1 of 3 tensors, none for blk.0.attn_v.weight, output.weight\n',
    );
    const made = readGguf(read('mixed.gguf'));
    expect(made.tensors.map(({ type }) => type)).toEqual(['Q6_K', 'Q4_K', 'Q6_K']);
    const options = { rowLength: 256, importance: weights };
    expect(made.bytes('blk.1.attn_q.weight')).toEqual(fb.ggml.quantize(values, 'Q4_K', options));
    expect(made.metadata.get('general.file_type')?.value).toBe(15);
    expect(made.metadata.get('quantize.imatrix.file')?.value).toBe('four.dat');
    const wrong = await fewbits('quantize', ...args.slice(0, 5), 'mixed.gguf');
    expect(wrong.err).toMatch(/^fewbits: imatrix: this GGUF file is no importance matrix/);
    expect(wrong.code).toBe(1);
  });

  it('leaves no file behind when it fails or is interrupted', async () => {
    const bad = values.slice();
    bad[300] = Number.NaN;
    writeFileSync(
      path('bad.gguf'),
      writeGguf([], [{ name: 'w.weight', type: 'F32', shape: [32, 256], data: bad }]),
    );
    const { code, err } = await fewbits('quantize', 'bad.gguf', 'never.gguf', '--type', 'Q4_K');
    expect(err).toMatch(/^fewbits: tensor "w\.weight", from row 0: .*300/);
    expect(code).toBe(1);

    const large = new Float32Array(1 << 24).map((_, i) => (i * 2654435761) % 1021);
    writeFileSync(
      path('large.safetensors'),
      writeSafetensors([{ name: 'w', shape: [1 << 12, 1 << 12], data: large }]),
    );
    const child = start(['quantize', 'large.safetensors', 'never.gguf', '--type', 'Q2_K']);
    const closed = new Promise((resolve) => child.on('close', resolve));
    while (!existsSync(path('never.gguf.partial'))) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill('SIGINT');
    expect(await closed).toBe(130);
    expect(readdirSync(folder).filter((name) => name.startsWith('never'))).toEqual([]);
    rmSync(path('large.safetensors'));
  });
});

describe('inspect', () => {
  it('a GGUF file', async () => {
    writeFileSync(path('handmade.gguf'), handmadeGguf());
    const { code, out } = await fewbits('inspect', 'handmade.gguf');
    expect(code).toBe(0);
    expect(out).toMatch(/^handmade\.gguf: GGUF version 3, 856 B, 3 tensors$/m);
    expect(out).toMatch(/^a\.u64 +18446744073709551615$/m);
    expect(out).toMatch(/^q +Q4_0 +2 x 64 +72$/m);
    const json = JSON.parse((await fewbits('inspect', '--json', 'handmade.gguf')).out);
    expect(json.metadata['a.nested']).toEqual([
      [1, 2],
      [true, false, true],
    ]);
    expect(json.metadata['a.u64']).toBe('18446744073709551615');
    expect(json.tensors[1]).toMatchObject({ name: 'odd', type: '999', shape: [5] });
  });

  it('text that would command the terminal is shown, not sent', async () => {
    const data = new Float32Array(1);
    const metadata = { a: '\x1b[2Jline\n' };
    const bytes = writeSafetensors([{ name: '\x1b]0;t\x07', shape: [1], data }], metadata);
    writeFileSync(path('terminal.safetensors'), bytes);
    const { out } = await fewbits('inspect', 'terminal.safetensors');
    expect(out).toContain('\\u001b[2Jline\\u000a');
    expect(out).toContain('\\u001b]0;t\\u0007');
    expect(out).not.toContain('\x1b');
  });

  it('safetensors and npy files', async () => {
    const data = new Float32Array(6);
    writeFileSync(
      path('one.safetensors'),
      writeSafetensors([{ name: 'w', shape: [2, 3], data }], { by: 'me' }),
    );
    const safetensors = await fewbits('inspect', 'one.safetensors');
    expect(safetensors.out).toMatch(/^by +me$/m);
    expect(safetensors.out).toMatch(/^w +F32 +2 x 3 +24$/m);
    const options = { fortranOrder: true, bigEndian: true };
    writeFileSync(path('one.npy'), writeNpy({ data, shape: [2, 3] }, options));
    const npy = await fewbits('inspect', 'one.npy');
    expect(npy.out).toMatch(/npy, Fortran order, big-endian, 152 B/);
  });
});

describe('embed-quantize', () => {
  it.each([
    [['--bits', '4'], { bits: 4, block: 100 }],
    [
      ['--bits', '3', '--scheme', 'asymmetric', '--block', '7', '--scale-type', 'f16'],
      { bits: 3, scheme: 'asymmetric', block: 7, scaleType: 'f16' },
    ],
    [['--scheme', 'affine', '--bits', '8'], { bits: 8, scheme: 'affine', block: 100 }],
  ] as const)('in parts gives what the whole array gives: %j', async (args, options) => {
    // More than the 4 Mi values of a part.
    const rows = 45_000;
    const data = new Float32Array(rows * 100).map((_, i) => Math.sin(i) * (1 + (i % 97)));
    writeFileSync(path('vectors.npy'), writeNpy({ data, shape: [rows, 100] }));
    const { code, out } = await fewbits(
      'embed-quantize',
      'vectors.npy',
      'out.safetensors',
      ...args,
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^out\.safetensors: 45000 x 100 at \d bits, 17\.2 MiB to \d\.\d MiB\n$/);
    const back = uniformFromSafetensors(readSafetensors(read('out.safetensors')), 'vectors');
    expect(back.shape).toEqual([rows, 100]);
    const { codes, scales, zeroPoints, minima, ...rest } = fb.uniform.quantize(data, options);
    expect(back.quantized).toMatchObject(rest);
    expect(Buffer.compare(back.quantized.codes, codes)).toBe(0);
    const same = (one: ArrayBufferView | null, two: ArrayBufferView | null) => {
      expect(
        one && Buffer.from(one.buffer, one.byteOffset, one.byteLength).toString('base64'),
      ).toBe(two && Buffer.from(two.buffer, two.byteOffset, two.byteLength).toString('base64'));
    };
    same(back.quantized.scales, scales);
    same(back.quantized.zeroPoints, zeroPoints);
    same(back.quantized.minima, minima);
  });

  it('refuses what is not finite by its index, and Fortran order', async () => {
    const data = new Float32Array(20).fill(1);
    data[13] = Infinity;
    writeFileSync(path('bad.npy'), writeNpy({ data, shape: [2, 10] }));
    const bad = await fewbits('embed-quantize', 'bad.npy', 'bad.safetensors');
    expect(bad.code).toBe(1);
    expect(bad.err).toMatch(/13/);
    writeFileSync(path('f.npy'), writeNpy({ data, shape: [2, 10] }, { fortranOrder: true }));
    const fortran = await fewbits('embed-quantize', 'f.npy', 'f.safetensors');
    expect(fortran.err).toMatch(/Fortran order/);
    expect(existsSync(path('f.safetensors'))).toBe(false);
  });
});
