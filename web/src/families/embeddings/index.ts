// Embeddings in a byte or a bit a dimension, as sentence-transformers and transformers.js make them.

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
