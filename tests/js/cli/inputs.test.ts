// Inputs of the `fewbits` command: models split into several files, metadata and names from options.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type GgufEntryInput, readGguf, writeGguf, writeSafetensors } from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { useCommand, values } from './support.ts';

const { fewbits, path, read } = useCommand();
const quantize = (input: string, ...more: string[]) =>
  fewbits('quantize', input, 'out.gguf', '--type', 'Q8_0', ...more);
const namesOf = (file: string) =>
  readGguf(read(file))
    .tensors.map(({ name }) => name)
    .sort();

describe('sharded safetensors', () => {
  const tensor = (name: string) => ({ name, shape: [32, 256], data: values });
  const index = (map: unknown) => JSON.stringify({ metadata: { total_size: 1 }, weight_map: map });

  it('by the index, or by the folder', async () => {
    mkdirSync(path('sharded'));
    writeFileSync(
      path('sharded/model-00001-of-00002.safetensors'),
      writeSafetensors([tensor('a'), tensor('b')]),
    );
    writeFileSync(
      path('sharded/model-00002-of-00002.safetensors'),
      writeSafetensors([tensor('c')]),
    );
    const map = {
      a: 'model-00001-of-00002.safetensors',
      b: 'model-00001-of-00002.safetensors',
      c: 'model-00002-of-00002.safetensors',
    };
    writeFileSync(path('sharded/model.safetensors.index.json'), index(map));
    for (const input of ['sharded/model.safetensors.index.json', 'sharded']) {
      const { code, err, out } = await quantize(input);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^out\.gguf: 3 tensors, 96\.\d KiB/);
      expect(namesOf('out.gguf')).toEqual(['a', 'b', 'c']);
    }
    rmSync(path('sharded/model-00002-of-00002.safetensors'));
    expect((await quantize('sharded')).err).toMatch(/ENOENT.*model-00002-of-00002/);
  });

  it('an index that is none, or leads elsewhere, is refused', async () => {
    for (const [text, says] of [
      ['{"a": 1}', /'odd\.json' is JSON, but no index of shards: those have a weight_map/],
      ['{"weight_map": {"a": ', /'odd\.json' is JSON that cannot be read/],
      [index({}), /it names none/],
      [index({ a: '../in.safetensors' }), /the files of shards beside it, it names "\.\.\/in/],
      [index({ a: '/etc/passwd' }), /it names "\/etc\/passwd"/],
      [index({ a: '..' }), /it names "\.\."/],
      [index({ a: 3 }), /it names 3/],
    ] as const) {
      writeFileSync(path('odd.json'), text);
      const { code, err } = await quantize('odd.json');
      expect(err).toMatch(says);
      expect(code).toBe(1);
    }
  });
});

describe('a folder', () => {
  it('holds one model, or is refused with those that it holds', async () => {
    mkdirSync(path('one'));
    writeFileSync(
      path('one/m.safetensors'),
      writeSafetensors([{ name: 'a', shape: [32, 256], data: values }]),
    );
    expect((await quantize('one')).code).toBe(0);
    writeFileSync(path('one/n.gguf'), '');
    const { code, err } = await quantize('one');
    expect(err).toMatch(/holds 2 models, of which one is needed: m\.safetensors, n\.gguf/);
    expect(code).toBe(2);
  });
});

describe('a split GGUF', () => {
  const part = (no: number, names: string[]) =>
    writeGguf(
      [
        { key: 'split.no', type: 'uint16', value: no },
        { key: 'split.count', type: 'uint16', value: 3 },
      ] satisfies GgufEntryInput[],
      names.map((name) => ({ name, shape: [32, 256], type: 'F32' as const, data: values })),
    );

  it('by its first part', async () => {
    ['a.weight', 'b.weight', 'c.weight'].forEach((name, i) => {
      writeFileSync(path(`m-0000${i + 1}-of-00003.gguf`), part(i, [name]));
    });
    expect((await quantize('m-00001-of-00003.gguf')).code).toBe(0);
    expect(namesOf('out.gguf')).toEqual(['a.weight', 'b.weight', 'c.weight']);
    expect(
      [...readGguf(read('out.gguf')).metadata.keys()].filter((key) => /split/.test(key)),
    ).toEqual([]);
    expect((await quantize('m-00002-of-00003.gguf')).err).toMatch(
      /is part 2 of 3 of a split model: give its first part/,
    );
    rmSync(path('m-00003-of-00003.gguf'));
    const missing = await quantize('m-00001-of-00003.gguf');
    expect(missing.err).toMatch(
      /first of 3 parts of a split model, and 'm-00003-of-00003\.gguf' is missing/,
    );
    expect(missing.code).toBe(2);
    writeFileSync(path('first.gguf'), part(0, ['a.weight']));
    expect((await quantize('first.gguf')).err).toMatch(
      /its name must end in -00001-of-00003\.gguf/,
    );
  });
});

describe('options', () => {
  const file = writeGguf(
    [],
    ['blk.0.attn_q.weight', 'blk.0.attn_v.weight'].map((name) => {
      return { name, shape: [32, 256], type: 'F32' as const, data: values };
    }),
  );

  it('metadata have types', async () => {
    writeFileSync(path('m.gguf'), file);
    const meta = {
      text: ['plain text', 'string', 'plain text'],
      colon: ['http://x', 'string', 'http://x'],
      forced: ['str:u8:1', 'string', 'u8:1'],
      a: ['uint32:8', 'uint32', 8],
      short: ['u32:8', 'uint32', 8],
      signed: ['i8:-8', 'int8', -8],
      b: ['int:-5', 'int32', -5],
      c: ['int:7', 'uint32', 7],
      d: ['u64:18446744073709551615', 'uint64', 2n ** 64n - 1n],
      e: ['f32:0.5', 'f32', 0.5],
      f: ['float:1e-5', 'f32', Math.fround(1e-5)],
      g: ['bool:true', 'bool', true],
      h: ['bool:false', 'bool', false],
      i: ['u32:[1, 2, 3]', 'array', { type: 'uint32', values: Uint32Array.of(1, 2, 3) }],
      j: [
        'i64:[-9223372036854775808]',
        'array',
        { type: 'int64', values: BigInt64Array.of(-(2n ** 63n)) },
      ],
      k: ['f32:[0.5, 2]', 'array', { type: 'f32', values: Float32Array.of(0.5, 2) }],
      l: ['bool:[true, false]', 'array', { type: 'bool', values: Uint8Array.of(1, 0) }],
    } as const;
    const args = Object.entries(meta).flatMap(([key, [given]]) => ['--meta', `${key}=${given}`]);
    expect(await quantize('m.gguf', ...args)).toMatchObject({ code: 0, err: '' });
    const made = readGguf(read('out.gguf')).metadata;
    for (const [key, [, type, value]] of Object.entries(meta)) {
      expect([key, made.get(key)?.type, made.get(key)?.value]).toEqual([key, type, value]);
    }
    for (const bad of [
      'u8:256',
      'i8:-129',
      'u32:1.5',
      'u32:x',
      'f32:one',
      'f32:1e60',
      'bool:1',
      'u32:[1,"x"]',
      'u8:[1',
      'u64:-1',
    ]) {
      const { code, err } = await quantize('m.gguf', '--meta', `key=${bad}`);
      expect([bad, code]).toEqual([bad, 2]);
      expect(err).toMatch(/^fewbits: --meta key: '.*' is not .*; str:.* is the text/);
    }
  });

  it('tensors get other names; warnings are said, but not with --quiet', async () => {
    writeFileSync(path('m.gguf'), file);
    const rename = ['--rename', 'blk.*.attn_v.*=v.*.value.*', '--rename', `*=${'x'.repeat(50)}.*`];
    const { code, err } = await quantize('m.gguf', ...rename);
    expect(code).toBe(0);
    expect(err).toMatch(
      /^fewbits: warning: the name "x{50}\.blk\.0\.attn_q\.weight" is longer than the 63 bytes/,
    );
    expect(namesOf('out.gguf')).toEqual([
      'v.0.value.weight',
      `${'x'.repeat(50)}.blk.0.attn_q.weight`,
    ]);
    expect(await quantize('m.gguf', ...rename, '--quiet')).toMatchObject({
      code: 0,
      err: '',
      out: '',
    });
  });

  it('rules that match nothing are refused, unless they may', async () => {
    writeFileSync(path('m.gguf'), file);
    const { code, err } = await quantize('m.gguf', '--rule', 'attn_v=Q4_0');
    expect(err).toMatch(/the rule for 'attn_v' matches no tensor; .*"\*attn_v\*" would match/);
    expect(code).toBe(1);
    expect((await quantize('m.gguf', '--rule', 'attn_v=Q4_0', '--allow-unmatched')).code).toBe(0);
    const renamed = await quantize('m.gguf', '--rename', 'attn_v=x');
    expect(renamed.err).toMatch(
      /^fewbits: --rename attn_v=x matches no tensor; --allow-unmatched takes it/,
    );
    expect(renamed.code).toBe(2);
    expect((await quantize('m.gguf', '--rename', 'attn_v=x', '--allow-unmatched')).code).toBe(0);
  });
});
