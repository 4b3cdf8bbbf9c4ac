// Packing of codes of a few bits without gaps.

import { integer, output, typedArray } from '../core/arguments.js';
import type { Core } from '../core/core.js';
import { convert, elements, type Side } from '../core/windows.js';
import { arrayField } from './quantized.js';

/** Packs codes of a few bits without gaps, least significant bit first. */
export interface Bits {
  /**
   * Packs the low `bits` bits of each code: value i takes bits i*bits to (i+1)*bits-1 of the bytes.
   * Negative codes are packed as two's complement. The last byte is padded with zeros.
   *
   * @param codes Int8Array or Uint8Array
   * @param bits 1 to 8
   * @returns ceil(codes.length * bits / 8) bytes
   */
  pack(codes: Int8Array | Uint8Array, bits: number): Uint8Array;

  /**
   * Unpacks the unsigned codes that were passed to `pack`.
   *
   * @param length the number of codes; the bytes must hold exactly that many
   * @throws FewbitsError INVALID_ARGUMENT when they do not
   */
  unpack(bytes: Uint8Array, bits: number, length: number): Uint8Array;

  /** Like `unpack`, for two's complement codes. */
  unpackSigned(bytes: Uint8Array, bits: number, length: number): Int8Array;
}

export interface BitsFunctions {
  bits_pack(codes: number, n: number, bits: number, packed: number): void;
  bits_unpack(packed: number, n: number, bits: number, codes: number): void;
  bits_unpack_signed(packed: number, n: number, bits: number, codes: number): void;
}

export const packedBytes = (length: number, bits: number): number => Math.ceil((length * bits) / 8);

/** The side of packed codes in a conversion. */
const packedSide = (array: Uint8Array, bits: number): Side => ({
  array,
  bytes: (values) => packedBytes(values, bits),
});

/** Checks that `bytes` is a Uint8Array that holds exactly `length` codes. */
export function packed(name: string, bytes: unknown, bits: number, length: number): Uint8Array {
  const what = () => `${length} codes of ${bits} bits`;
  return arrayField(name, bytes, 'Uint8Array', packedBytes(length, bits), what);
}

export function createBits(core: Core): Bits {
  const wasm = core.functions<BitsFunctions>();
  const { memory } = core;

  function unpack<T extends Uint8Array | Int8Array>(
    kind: 'bits_unpack' | 'bits_unpack_signed',
    out: T,
    bytes: Uint8Array,
    bits: number,
  ): T {
    convert(memory, out.length, packedSide(bytes, bits), elements(out), (packedAt, n, codesAt) =>
      wasm[kind](packedAt, n, bits, codesAt),
    );
    return out;
  }

  return {
    pack(given, bits) {
      const codes = typedArray('codes', given, ['Int8Array', 'Uint8Array']);
      integer('bits', bits, 1, 8);
      const out = output(Uint8Array, packedBytes(codes.length, bits), undefined);
      convert(
        memory,
        codes.length,
        elements(codes),
        packedSide(out, bits),
        (codesAt, n, packedAt) => wasm.bits_pack(codesAt, n, bits, packedAt),
      );
      return out;
    },

    unpack(bytes, bits, length) {
      integer('bits', bits, 1, 8);
      integer('length', length, 0, Number.MAX_SAFE_INTEGER);
      const checked = packed('bytes', bytes, bits, length);
      return unpack('bits_unpack', output(Uint8Array, length, undefined), checked, bits);
    },

    unpackSigned(bytes, bits, length) {
      integer('bits', bits, 1, 8);
      integer('length', length, 0, Number.MAX_SAFE_INTEGER);
      const checked = packed('bytes', bytes, bits, length);
      return unpack('bits_unpack_signed', output(Int8Array, length, undefined), checked, bits);
    },
  };
}
