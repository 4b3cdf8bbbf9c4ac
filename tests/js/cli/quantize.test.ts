// The command `fewbits quantize`.

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { load } from 'fewbits';
import { readGguf, writeGguf, writeSafetensors } from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { useCommand, values } from './support.ts';

const fb = await load();
const { fewbits, folder, path, read } = useCommand();

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
    expect(second).toEqual({ code: 0, signal: null, out: '', err: '' });
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
    const [, , ...more] = args.slice(0, 5);
    const wrong = await fewbits('quantize', 'four.gguf', 'no.gguf', ...more, 'mixed.gguf');
    expect(wrong.err).toMatch(/^fewbits: imatrix: this GGUF file is .* importance matrix/);
    expect(wrong.code).toBe(1);
    const same = await fewbits('quantize', ...args.slice(0, 5), 'mixed.gguf');
    expect(same.err).toMatch(/in and out are the same file: 'mixed\.gguf' and 'mixed\.gguf'/);
    expect(same.code).toBe(2);
  });

  it('leaves no file behind when it fails', async () => {
    const bad = values.slice();
    bad[300] = Number.NaN;
    writeFileSync(
      path('bad.gguf'),
      writeGguf([], [{ name: 'w.weight', type: 'F32', shape: [32, 256], data: bad }]),
    );
    const { code, err } = await fewbits('quantize', 'bad.gguf', 'never.gguf', '--type', 'Q4_K');
    expect(err).toMatch(/^fewbits: tensor "w\.weight", from row 0: .*300/);
    expect(code).toBe(1);
    expect(readdirSync(folder).filter((name) => /never|partial/.test(name))).toEqual([]);
  });
});
