// Embeddings with a byte or a bit per dimension, in the formats of sentence-transformers and transformers.js.

export { dequantizeEmbeddings } from './dequantize.js';
export { quantizeEmbeddings } from './quantize.js';
export { embeddingRanges } from './ranges.js';
export type {
  EmbeddingData,
  EmbeddingOptions,
  EmbeddingPrecision,
  EmbeddingRanges,
  QuantizedEmbeddings,
  QuantizeEmbeddingsOptions,
} from './types.js';
