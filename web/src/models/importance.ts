// Metadata that record the importance matrix of a file.

import type { GgufEntryInput } from '../io/gguf/write.js';
import type { Imatrix } from '../io/imatrix.js';

/** The metadata about the importance matrix that llama.cpp's quantize tool writes into a file. */
export function imatrixMetadata(imatrix: Imatrix, fileName: string): GgufEntryInput[] {
  const { weights, datasets, chunks } = imatrix;
  const entries: GgufEntryInput[] = [
    { key: 'quantize.imatrix.file', type: 'string', value: fileName },
    { key: 'quantize.imatrix.entries_count', type: 'uint32', value: weights.size },
  ];
  const [dataset] = datasets;
  if (dataset !== undefined)
    entries.push({ key: 'quantize.imatrix.dataset', type: 'string', value: dataset });
  if (chunks > 0)
    entries.push({ key: 'quantize.imatrix.chunks_count', type: 'uint32', value: chunks });
  return entries;
}
