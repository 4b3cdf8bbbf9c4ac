import type { Fewbits } from '../fewbits.js';
import type { GgmlQuantizedType } from '../ggml.js';
import { type GgmlTypeName, ggmlTypes } from '../ggml-types.js';
import { type ElementType, elementsOf, toFloat32 } from '../io/elements.js';

/** Whole rows of a tensor, to be put from one type into another. */
export interface Conversion {
  readonly bytes: Uint8Array;
  readonly from: GgmlTypeName;
  readonly to: GgmlTypeName;
  readonly rowLength: number;
  /** One weight for each column; see `fb.ggml.quantize`. */
  readonly importance?: Float32Array;
}

/** Something that converts: this thread, or a pool of workers. */
export interface Converter {
  /** How many conversions it can work on at the same time. */
  readonly concurrency: number;
  convert(conversion: Conversion): Promise<Uint8Array>;
}

/** A converter on this thread. */
export function createConverter(fb: Fewbits): Converter {
  return { concurrency: 1, convert: async (conversion) => convertRows(fb, conversion) };
}

export function convertRows(fb: Fewbits, conversion: Conversion): Uint8Array {
  const { to, rowLength, importance } = conversion;
  const values = float32Of(fb, conversion);
  if (to === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const options = importance === undefined ? { rowLength } : { rowLength, importance };
  return fb.ggml.quantize(values, to as GgmlQuantizedType, options);
}

function float32Of(fb: Fewbits, { bytes, from }: Conversion): Float32Array {
  if (from === 'F32' || from === 'F64') {
    const type = from.toLowerCase() as ElementType;
    return toFloat32(elementsOf(bytes, type), type);
  }
  const { blockSize, bytesPerBlock } = ggmlTypes[from];
  const length = (bytes.length / bytesPerBlock) * blockSize;
  return fb.ggml.dequantize(bytes, from as GgmlQuantizedType, length);
}
