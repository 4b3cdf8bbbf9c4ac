// Conversion of whole rows from one type to another, on this thread.

import { type GgmlTypeName, ggmlTypes } from '../core/ggml-types.js';
import type { GgmlQuantizedType } from '../families/ggml.js';
import { type ElementType, elementsOf, toFloat32 } from '../io/elements.js';
import type { Fewbits } from '../load/fewbits.js';

/** Whole rows of a tensor, to be put from one type into another. */
export interface Conversion {
  readonly bytes: Uint8Array;
  readonly from: GgmlTypeName;
  readonly to: GgmlTypeName;
  readonly rowLength: number;
  /** One weight for each column; see `fb.ggml.quantize`. */
  readonly importance?: Float32Array;
  /** Memory that is not needed any more, for the result to be in if it is large enough; not used where that is F32. */
  readonly spare?: ArrayBuffer;
}

/** Something that converts: this thread, or a pool of workers. */
export interface Converter {
  /** How many conversions it can work on at the same time. */
  readonly concurrency: number;
  /** The bytes of the converted rows. */
  convert(conversion: Conversion): Promise<Uint8Array>;
}

/** A converter on this thread. */
export function createConverter(fb: Pick<Fewbits, 'ggml'>): Converter {
  const convertRows = createRowConverter(fb);
  return { concurrency: 1, convert: async (conversion) => convertRows(conversion) };
}

/** Converts rows, with one scratch array for all calls: garbage of megabytes would pile up faster than it is collected. */
export function createRowConverter(
  fb: Pick<Fewbits, 'ggml'>,
): (conversion: Conversion) => Uint8Array {
  let scratch = new Float32Array(0);

  function float32Of({ bytes, from, to }: Conversion): Float32Array {
    if (from === 'F32' || from === 'F64') {
      const type = from.toLowerCase() as ElementType;
      return toFloat32(elementsOf(bytes, type), type);
    }
    const { blockSize, bytesPerBlock } = ggmlTypes[from];
    const length = (bytes.length / bytesPerBlock) * blockSize;
    if (to === 'F32') return fb.ggml.dequantize(bytes, from as GgmlQuantizedType, length);
    if (scratch.length < length) scratch = new Float32Array(length);
    const out = scratch.subarray(0, length);
    return fb.ggml.dequantize(bytes, from as GgmlQuantizedType, length, out);
  }

  return (conversion) => {
    const { to, rowLength, importance, spare } = conversion;
    const values = float32Of(conversion);
    if (to === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const options = importance === undefined ? { rowLength } : { rowLength, importance };
    const { blockSize, bytesPerBlock } = ggmlTypes[to];
    const size = (values.length / blockSize) * bytesPerBlock;
    const out = spare && spare.byteLength >= size ? new Uint8Array(spare, 0, size) : undefined;
    return fb.ggml.quantize(values, to as GgmlQuantizedType, options, out);
  };
}
