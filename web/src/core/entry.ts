// What both entries export besides `load`.

export type { Bits } from '../bits.js';
export type * from '../distributional.js';
export {
  dequantizeEmbeddings,
  type EmbeddingPrecision,
  type EmbeddingRanges,
  embeddingRanges,
  type QuantizedEmbeddings,
  type QuantizeEmbeddingsOptions,
  quantizeEmbeddings,
} from '../embeddings.js';
export type { ErrorFunction, ErrorMeasures } from '../error.js';
export type { Fewbits } from '../fewbits.js';
export type { Floats, FloatType } from '../floats.js';
export type { Ggml, GgmlOptions, GgmlQuantizedType } from '../ggml.js';
export type { GgmlType, GgmlTypeName } from '../ggml-types.js';
export type * from '../inspect.js';
export type { Int4, Int4Options, Int4Quantized } from '../int4.js';
export type { Kquant, KquantBlock, KquantOptions, KquantRepair } from '../kquant.js';
export type { Linear, LinearLayer, LinearOptions, MatmulShape } from '../linear.js';
export type { Nf4, Nf4Options, Nf4Quantized } from '../nf4.js';
export type * from '../uniform.js';
export type * from '../vectors.js';
export type { FloatArray } from './arguments.js';
export type { WasmSource } from './compile.js';
export type { Variant } from './core.js';
export { FewbitsError, type FewbitsErrorCode } from './errors.js';
export { type LoadOptions, loadSync } from './load.js';
export { type Support, support } from './support.js';
