import { dequantizeEmbeddings } from 'fewbits';
import { readNpy } from 'fewbits/io';

/** Adds int8 embeddings, given as the bytes of codes.npy and ranges.npy. */
export function addInt8(index, codesFile, rangesFile) {
  const codes = readNpy(codesFile).data;
  const ranges = readNpy(rangesFile).data;
  const min = ranges.subarray(0, index.dims);
  const max = ranges.subarray(index.dims);
  index.add(dequantizeEmbeddings(codes, index.dims, 'int8', { min, max }));
}
