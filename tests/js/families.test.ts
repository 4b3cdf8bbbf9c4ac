// Behaviour that all families share: data with a kind, arrays of their own, errors that name the argument.

import fc from 'fast-check';
import { dequantizeEmbeddings, type Fewbits, FewbitsError, quantizeEmbeddings } from 'fewbits';
import { describe, expect, it } from 'vitest';
import { builds, expectError, noise } from '../support/builds.ts';

/** Members of the data of every family. */
interface Data {
  readonly kind: string;
  readonly length: number;
  readonly byteLength: number;
}

interface Family {
  readonly kind: string;
  readonly quantize: (x: Float32Array, out?: never) => Data;
  readonly dequantize: (q: never, out?: Float32Array) => Float32Array;
  /** The name of the array in the data, which `out` is passed as. */
  readonly codes: string;
  /** Bytes for 256 values. */
  readonly byteLength: number;
}

const familiesOf = (fb: Fewbits): Family[] => [
  {
    kind: 'uniform',
    quantize: (x, out) => fb.uniform.quantize(x, { bits: 4, block: 32, scheme: 'affine' }, out),
    dequantize: fb.uniform.dequantize,
    codes: 'codes',
    byteLength: 128 + 8 * 8,
  },
  {
    kind: 'int4',
    quantize: (x, out) => fb.int4.quantize(x, {}, out),
    dequantize: fb.int4.dequantize,
    codes: 'values',
    byteLength: 128 + 4,
  },
  {
    kind: 'distributional',
    quantize: (x, out) => fb.distributional.quantize(x, { bits: 4, block: 64 }, out),
    dequantize: fb.distributional.dequantize,
    codes: 'data',
    byteLength: 128 + 4 * 8,
  },
  {
    kind: 'kquant',
    quantize: (x, out) => fb.kquant.quantize(x, {}, out),
    dequantize: fb.kquant.dequantize,
    codes: 'codes',
    byteLength: 144,
  },
  {
    kind: 'ggml',
    quantize: (x, out) => fb.ggml.quantize(x, { type: 'Q4_K' }, out),
    dequantize: fb.ggml.dequantize,
    codes: 'bytes',
    byteLength: 144,
  },
  {
    kind: 'floats',
    quantize: (x, out) => fb.floats.quantize(x, { type: 'bf16' }, out),
    dequantize: fb.floats.dequantize,
    codes: 'bytes',
    byteLength: 512,
  },
  {
    kind: 'nf4',
    quantize: (x, out) => fb.floats.nf4.quantize(x, { block: 64 }, out),
    dequantize: fb.floats.nf4.dequantize,
    codes: 'codes',
    byteLength: 128 + 16,
  },
  {
    kind: 'embeddings',
    quantize: (x, out) => quantizeEmbeddings(x, { dims: 16, precision: 'int8' }, out),
    dequantize: dequantizeEmbeddings,
    codes: 'codes',
    byteLength: 256 + 2 * 16 * 4,
  },
];

const x = noise(256, 3);
const [fb] = await builds();

describe.each(familiesOf(fb))('the data of $kind', (family) => {
  const { kind, quantize, dequantize, codes, byteLength } = family;
  const q = quantize(x);

  it('have a kind, a length and their bytes, and are plain', () => {
    expect(q).toMatchObject({ kind, length: 256, byteLength });
    expect(structuredClone(q)).toEqual(q);
  });

  it('are decoded after a copy as before, into an array or a new one', () => {
    const decoded = dequantize(q as never);
    expect(decoded).toBeInstanceOf(Float32Array);
    expect(decoded).toHaveLength(256);
    expect(fb.compare(x, decoded).cosine).toBeGreaterThan(0.9);
    expect(dequantize(structuredClone(q) as never)).toEqual(decoded);
    const out = new Float32Array(256);
    expect(dequantize(q as never, out)).toBe(out);
    expect(out).toEqual(decoded);
  });

  it('have their codes in the array that was given', () => {
    const own = (q as unknown as Record<string, Uint8Array>)[codes];
    const out = new (own.constructor as typeof Uint8Array)(own.length);
    const again = quantize(x, out as never) as unknown as Record<string, unknown>;
    expect(again[codes]).toBe(out);
    expect(again).toEqual(q);
    expectError('INVALID_ARGUMENT', /^out must be/, () => quantize(x, own.subarray(1) as never));
    expectError('INVALID_ARGUMENT', /^out must be/, () => quantize(x, [] as never));
  });

  it('are the same where what is written lies over what is read', () => {
    const own = (q as unknown as Record<string, Uint8Array>)[codes];
    const type = own.constructor as typeof Uint8Array;
    const decoded = dequantize(q as never);
    for (const shift of [0, 8, 512]) {
      const memory = new ArrayBuffer(4096);
      const over = new Float32Array(memory, 512, 256);
      over.set(x);
      const out = new type(memory, shift, own.length);
      expect(quantize(over, out as never) as unknown as typeof q).toEqual(q);
      const values = new Float32Array(memory, 8, 256);
      expect(dequantize({ ...q, [codes]: out } as never, values)).toEqual(decoded);
    }
  });

  it('are refused by the other families, by name', () => {
    for (const other of familiesOf(fb)) {
      if (other.kind === kind) continue;
      expectError('INVALID_ARGUMENT', new RegExp(`got one of kind '${kind}'`), () =>
        other.dequantize(q as never),
      );
    }
  });

  it('are refused with a remedy where JSON made objects of arrays', () => {
    expectError('INVALID_ARGUMENT', /JSON|BigInt|Uint8Array/, () =>
      dequantize(JSON.parse(JSON.stringify(q, (_, v) => (typeof v === 'bigint' ? 0 : v))) as never),
    );
  });

  it('are refused with a FewbitsError when any part is another', () => {
    const odd = fc.oneof(
      fc.constantFrom<unknown>(
        undefined,
        null,
        Number.NaN,
        -1,
        0.5,
        2 ** 53,
        Infinity,
        '4',
        1n,
        true,
        [],
        {},
        new Uint8Array(3),
        new Float32Array(1000),
        Symbol('odd'),
        () => 1,
        Object.create(null),
      ),
      fc.integer({ min: -3, max: 300 }),
      fc.uint8Array({ maxLength: 300 }),
      fc.float32Array({ maxLength: 20 }),
    );
    const names = Object.keys(q);
    fc.assert(
      fc.property(fc.constantFrom(...names), odd, (name, value) => {
        try {
          const out = dequantize({ ...q, [name]: value } as never);
          expect(out).toBeInstanceOf(Float32Array);
        } catch (error) {
          expect(error).toBeInstanceOf(FewbitsError);
        }
      }),
      { numRuns: 500 },
    );
    for (const none of [undefined, null, 1, 'q', Symbol('q'), () => q, new Uint8Array(1), 1n]) {
      expect(() => dequantize(none as never)).toThrow(FewbitsError);
    }
    const { proxy, revoke } = Proxy.revocable({ ...q }, {});
    revoke();
    expect(() => dequantize(proxy as never)).toThrow(FewbitsError);
    const throwing = Object.defineProperty({}, codes, {
      get() {
        throw new Error('no');
      },
    });
    expect(() => dequantize(throwing as never)).toThrow(FewbitsError);
  });
});

describe('beside the data', () => {
  it('bytes stay as files hold them, with their type and length told', () => {
    const bytes = fb.ggml.quantize(x, 'Q8_0');
    expect(bytes).toBeInstanceOf(Uint8Array);
    expect(fb.ggml.quantize(x, { type: 'Q8_0' }).bytes).toEqual(bytes);
    expect(fb.ggml.dequantize(bytes, 'Q8_0', 256)).toEqual(
      fb.ggml.dequantize(fb.ggml.quantize(x, { type: 'Q8_0' })),
    );
    expect(fb.floats.quantize(x, { type: 'f16' }).bytes).toEqual(fb.floats.encode(x, 'f16'));
    expect(quantizeEmbeddings(x, { dims: 16, precision: 'binary' }).codes).toEqual(
      quantizeEmbeddings(x, 16, 'binary'),
    );
  });

  it('int4 has its loose form, distributional the names of Python', () => {
    const { values, scale, zeroPoint } = fb.int4.quantize(x);
    expect(fb.int4.dequantize(values, scale, zeroPoint)).toEqual(
      fb.int4.dequantize(fb.int4.quantize(x)),
    );
    const { data, info } = fb.distributional.quantize(x, { k: 4 });
    expect(fb.distributional.quantize(x, { bits: 4 })).toMatchObject({ data, info });
    expectError('INVALID_ARGUMENT', /not both/, () =>
      fb.distributional.quantize(x, { bits: 4, k: 4 }),
    );
  });

  it('a K-quantized block decodes to what quantizing it said', () => {
    for (const version of ['first', 'latest', 'repaired'] as const) {
      const block = fb.kquant.quantize(x, { version });
      expect(fb.kquant.dequantize(block)).toEqual(block.dequantized);
    }
  });

  it('options may be undefined', () => {
    const none = undefined;
    expect(
      fb.uniform.quantize(x, {
        bits: none,
        scheme: none,
        block: none,
        axis: none,
        shape: none,
        rounding: none,
        scaleType: none,
        mode: none,
      }),
    ).toEqual(fb.uniform.quantize(x));
    expect(fb.ggml.quantize(x, 'Q4_0', { rowLength: none, importance: none })).toEqual(
      fb.ggml.quantize(x, 'Q4_0'),
    );
    expect(fb.floats.nf4.quantize(x, { block: none })).toEqual(fb.floats.nf4.quantize(x));
    expect(fb.kquant.quantize(x, { version: none, repairs: none })).toEqual(fb.kquant.quantize(x));
    expect(fb.int4.quantize(x, { scaleMethod: none, mode: none })).toEqual(fb.int4.quantize(x));
  });
});
