// The exports of all entries to the whole package besides `load`.

export type { GgmlType, GgmlTypeName } from '../core/ggml-types.js';
export type { Bits } from '../families/bits.js';
export type { CompareFunction, ErrorMeasures } from '../families/compare.js';
export type * from '../families/distributional/types.js';
export * from '../families/embeddings/index.js';
export type { Floats, FloatsOptions, FloatsQuantized, FloatType } from '../families/floats.js';
export type {
  Ggml,
  GgmlLoss,
  GgmlOptions,
  GgmlQuantized,
  GgmlQuantizedType,
  GgmlTypedOptions,
} from '../families/ggml/types.js';
export type * from '../families/inspect.js';
export type { Int4, Int4Options, Int4Quantized } from '../families/int4.js';
export type { Kquant, KquantBlock, KquantOptions, KquantRepair } from '../families/kquant.js';
export type { Linear, LinearLayer, LinearOptions, MatmulShape } from '../families/linear/types.js';
export type { Nf4, Nf4Options, Nf4Quantized } from '../families/nf4.js';
export type * from '../families/uniform/types.js';
export * from './common-entry.js';
export type { Fewbits } from './fewbits.js';
export { type LoadOptions, loadSync } from './load.js';
