// Sources of a file's bytes, which all read alike: views, Buffers, shared and foreign memory, Blobs and
// readers.

import { runInNewContext } from 'node:vm';
import {
  type ByteSource,
  type Bytes,
  type GgufArray,
  type GgufEntry,
  openGguf,
  openImatrix,
  openNpy,
  openNpz,
  openRawF32,
  openSafetensors,
  readGguf,
  readImatrix,
  readNpy,
  readRawF32,
  readSafetensors,
  streamSafetensors,
  writeGguf,
  writeNpy,
  writeSafetensors,
} from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { refused } from './damage.js';

const values = Float32Array.of(0.5, -1, 2, 3e38);
const gguf = writeGguf(
  [
    { key: 'scores', type: 'array', value: { type: 'f32', values } },
    { key: 'flags', type: 'array', value: { type: 'bool', values: Uint8Array.of(1, 0, 1) } },
    { key: 'text', type: 'string', value: 'höhe' },
  ],
  [{ name: 'w', type: 'F32', shape: [4], data: values }],
);
const imatrix = writeGguf(
  [
    { key: 'imatrix.datasets', type: 'array', value: { type: 'string', values: ['a'] } },
    { key: 'imatrix.chunk_count', type: 'uint32', value: 1 },
    { key: 'imatrix.chunk_size', type: 'uint32', value: 512 },
  ],
  [
    { name: 'a.in_sum2', type: 'F32', shape: [4], data: Float32Array.of(4, 4, 4, 8) },
    { name: 'a.counts', type: 'F32', shape: [1], data: Float32Array.of(2) },
  ],
);
const safetensors = writeSafetensors([{ name: 'wé', shape: [4], data: values }], { é: 'ü' });
const npy = writeNpy({ data: values }, { version: 3 });
const bigNpy = writeNpy({ data: values }, { bigEndian: true });

/** Objects that can hold the bytes of a file. */
const holders: Record<string, (bytes: Uint8Array) => Bytes> = {
  'a Uint8Array': (bytes) => bytes.slice(),
  'an ArrayBuffer': (bytes) => bytes.slice().buffer as ArrayBuffer,
  'a Buffer': (bytes) => Buffer.from(bytes),
  'a Buffer at an odd place': (bytes) => Buffer.concat([Buffer.of(7), bytes]).subarray(1),
  'a DataView at an odd place': (bytes) => {
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    return new DataView(shifted.buffer, 3);
  },
  'a SharedArrayBuffer': (bytes) => {
    const shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    return shared;
  },
  'shared memory at an odd place': (bytes) => {
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 1), 1);
    shared.set(bytes);
    return shared;
  },
  'a Uint8Array of another realm': (bytes) =>
    runInNewContext('Uint8Array.from(bytes)', { bytes: [...bytes] }),
  'an ArrayBuffer of another realm': (bytes) =>
    runInNewContext('Uint8Array.from(bytes).buffer', { bytes: [...bytes] }),
};

const entriesOf = (metadata: ReadonlyMap<string, GgufEntry>) =>
  ['scores', 'flags', 'text'].map((key) => metadata.get(key)?.value);

/** What is read from each file: from memory, and from any source. */
const read = {
  gguf: (source: Bytes) => {
    const { metadata, bytes } = readGguf(source);
    return [...entriesOf(metadata), new Uint8Array(bytes('w'))];
  },
  imatrix: (source: Bytes) => [...readImatrix(source).weights.values()],
  safetensors: (source: Bytes) => {
    const file = readSafetensors(source);
    return [file.float32('wé'), file.elements('wé'), { ...file.metadata }];
  },
  npy: (source: Bytes) => readNpy(source).data,
  bigNpy: (source: Bytes) => readNpy(source).data,
  raw: (source: Bytes) => readRawF32(source),
};
const opened: Record<keyof typeof read, (source: ByteSource) => Promise<unknown>> = {
  gguf: async (source) => {
    const { metadata, bytes } = await openGguf(source);
    return [...entriesOf(metadata), new Uint8Array(await bytes('w'))];
  },
  imatrix: async (source) => [...(await openImatrix(source)).weights.values()],
  safetensors: async (source) => {
    const file = await openSafetensors(source);
    return [await file.float32('wé'), await file.elements('wé'), { ...file.metadata }];
  },
  npy: async (source) => (await openNpy(source)).read(0, 4),
  bigNpy: async (source) => (await openNpy(source)).readFloat32(0, 4),
  raw: async (source) => openRawF32(source).readFloat32(0, 4),
};
const files = { gguf, imatrix, safetensors, npy, bigNpy, raw: new Uint8Array(values.buffer) };
const right: Record<keyof typeof read, unknown> = {
  gguf: [
    { type: 'f32', values },
    { type: 'bool', values: Uint8Array.of(1, 0, 1) },
    'höhe',
    new Uint8Array(values.buffer),
  ],
  imatrix: [Float32Array.of(2, 2, 2, 4)],
  safetensors: [values, values, { é: 'ü' }],
  npy: values,
  bigNpy: values,
  raw: values,
};

describe.each(Object.keys(files) as (keyof typeof files)[])('%s', (format) => {
  it.each(Object.entries(holders))('from %s', async (_, hold) => {
    const source = hold(files[format]);
    expect(read[format](source)).toEqual(right[format]);
    expect(await opened[format](source)).toEqual(right[format]);
    // Reading again gives the same: the file is not changed.
    expect(read[format](source)).toEqual(right[format]);
  });

  it('from Blobs and readers of any habit', async () => {
    const bytes = files[format];
    const lent = Buffer.alloc(bytes.length);
    const readers: Record<string, (offset: number, length: number) => unknown> = {
      Buffers: (offset, length) => Buffer.from(bytes.subarray(offset, offset + length)),
      'views at odd places': (offset, length) => {
        const shifted = new Uint8Array(length + 1);
        shifted.set(bytes.subarray(offset, offset + length), 1);
        return shifted.subarray(1);
      },
      ArrayBuffers: (offset, length) => bytes.slice(offset, offset + length).buffer,
      DataViews: (offset, length) => new DataView(bytes.slice().buffer, offset, length),
      'without a promise': (offset, length) => bytes.slice(offset, offset + length),
    };
    for (const give of Object.values(readers)) {
      const source = { size: bytes.length, read: give } as never;
      expect(await opened[format](source)).toEqual(right[format]);
    }
    expect(await opened[format](new Blob([bytes]))).toEqual(right[format]);
    expect(await opened[format](new File([bytes], 'x'))).toEqual(right[format]);
    if (format === 'gguf') {
      // A reader that always fills the same memory: the header must not change.
      const file = await openGguf({
        size: bytes.length,
        read: async (offset, length) => {
          lent.set(bytes.subarray(offset, offset + length));
          return lent.subarray(0, length);
        },
      });
      await file.bytes('w');
      expect(file.metadata.get('text')?.value).toBe('höhe');
    }
  });

  it('refuses readers that give too little, too much or something else', async () => {
    const bytes = files[format];
    const habits: [
      (offset: number, length: number) => unknown,
      'CORRUPT_DATA' | 'INVALID_ARGUMENT',
    ][] = [
      [(offset, length) => bytes.slice(offset, offset + length - 1), 'CORRUPT_DATA'],
      [(_, length) => new Uint8Array(length + 1), 'CORRUPT_DATA'],
      [() => new Uint8Array(0), 'CORRUPT_DATA'],
      [() => undefined, 'INVALID_ARGUMENT'],
      [() => 'text', 'INVALID_ARGUMENT'],
      [() => [1, 2, 3], 'INVALID_ARGUMENT'],
    ];
    for (const [give, code] of habits) {
      const source = { size: bytes.length, read: async (o: number, l: number) => give(o, l) };
      await expect(opened[format](source as never)).rejects.toThrow(refused(code));
    }
    const failing = { size: bytes.length, read: () => Promise.reject(new Error('disk on fire')) };
    await expect(opened[format](failing)).rejects.toThrow('disk on fire');
    for (const size of [-1, 1.5, Number.NaN, 10n, '10', undefined]) {
      const source = { size, read: async () => bytes } as never;
      await expect(async () => opened[format](source)).rejects.toThrow(refused('INVALID_ARGUMENT'));
    }
  });

  it('refuses what is no source and says what to pass', async () => {
    for (const [source, says] of [
      ['model.gguf', /readFileSync/],
      [new URL('https://example.org/x'), /fetch/],
      [Promise.resolve(files[format]), /await it/],
      [new Response('x'), /arrayBuffer/],
      [[1, 2, 3], /Uint8Array.from/],
      [undefined, /undefined/],
      [null, /null/],
      [{}, /expected/],
    ] as const) {
      expect(() => read[format](source as never)).toThrow(refused('INVALID_ARGUMENT'));
      expect(() => read[format](source as never)).toThrow(says);
      await expect(async () => opened[format](source as never)).rejects.toThrow(says);
    }
  });

  it('refuses memory that was transferred, and names it', async () => {
    const bytes = files[format].slice();
    const { buffer } = bytes;
    structuredClone(buffer, { transfer: [buffer] });
    for (const source of [bytes, buffer]) {
      expect(() => read[format](source)).toThrow(/transferred/);
      await expect(async () => opened[format](source)).rejects.toThrow(/transferred/);
    }
  });
});

describe('writers', () => {
  it('take bytes and arrays of any kind and realm', async () => {
    const buffer = Buffer.concat([Buffer.of(9), Buffer.from(values.buffer)]).subarray(1);
    const foreign = runInNewContext('Float32Array.from(values)', { values: [...values] });
    const foreignBytes = runInNewContext('Uint8Array.from(bytes)', { bytes: [...buffer] });
    const tensor = (data: ArrayBufferView, dtype?: 'F32') =>
      writeSafetensors([{ name: 'wé', shape: [4], dtype, data }], { é: 'ü' });
    expect(tensor(foreign)).toEqual(safetensors);
    for (const data of [buffer, foreignBytes, new DataView(values.buffer)]) {
      expect(tensor(data, 'F32')).toEqual(safetensors);
    }
    expect(writeNpy({ data: foreign }, { version: 3 })).toEqual(npy);
    const rounded = writeNpy({ data: foreign, type: 'f16' });
    expect(rounded).toEqual(writeNpy({ data: values, type: 'f16' }));
    for (const data of [buffer, foreignBytes, values.buffer, foreign]) {
      const scores = { type: 'f32', values: foreign } as GgufArray;
      const entries = [...readGguf(gguf).metadata.values()].slice(1);
      const metadata = [{ key: 'scores', type: 'array' as const, value: scores }, ...entries];
      expect(writeGguf(metadata, [{ name: 'w', type: 'F32', shape: [4], data }])).toEqual(gguf);
    }
    const info = readSafetensors(safetensors);
    const plan = { byteLength: safetensors.length, header: safetensors.slice(0, -16), ...info };
    for (const data of [buffer, foreignBytes, [buffer.subarray(0, 3), buffer.subarray(3)]]) {
      const pieces: Uint8Array<ArrayBuffer>[] = [];
      for await (const piece of streamSafetensors(plan, () => data as never)) pieces.push(piece);
      expect(new Uint8Array(await new Blob(pieces).arrayBuffer())).toEqual(safetensors);
    }
    for (const data of [null, 3, {}, 'text', [[1]]]) {
      const drain = async () => {
        for await (const _ of streamSafetensors(plan, () => data as never));
      };
      await expect(drain()).rejects.toThrow(refused('INVALID_ARGUMENT'));
    }
  });
});

describe('openers stop when they are told', () => {
  const aborted = AbortSignal.abort(new Error('enough'));

  it('before they read', async () => {
    for (const open of [openGguf, openSafetensors, openNpy, openNpz, openImatrix]) {
      await expect(open(gguf, { signal: aborted })).rejects.toThrow('enough');
      await expect(open(gguf, { sginal: aborted } as never)).rejects.toThrow(/no option 'sginal'/);
    }
  });

  it('while a source keeps them waiting, and in the middle of a long list', async () => {
    const names = Array.from({ length: 40_000 }, (_, i) => `t${i}`);
    const long = writeGguf(
      [],
      names.map((name) => ({ name, type: 'I8', shape: [0], data: new Uint8Array(0) })),
    );
    const longer = writeSafetensors(
      names.map((name) => ({ name, shape: [0], data: new Uint8Array(0) })),
    );
    for (const [open, bytes] of [
      [openGguf, long],
      [openSafetensors, longer],
    ] as const) {
      const slow = new AbortController();
      const waiting = open(
        {
          size: bytes.length,
          read: async (offset, length) => {
            slow.abort(new Error('too slow'));
            return bytes.slice(offset, offset + length);
          },
        },
        { signal: slow.signal },
      );
      await expect(waiting).rejects.toThrow('too slow');
      const controller = new AbortController();
      const opening = open(bytes, { signal: controller.signal });
      setTimeout(() => controller.abort(new Error('enough')));
      await expect(opening).rejects.toThrow('enough');
    }
  });
});
