// The fields of a Q4_K block.

import { decodeF16 } from 'fewbits/io';

/** The contents of a Q4_K block. A weight is `d * scales[j] * code - dmin * mins[j]` in sub-block j. */
export interface Q4KBlock {
  readonly d: number;
  readonly dmin: number;
  readonly scales: readonly number[];
  readonly mins: readonly number[];
  readonly codes: Uint8Array;
}

/** Unpacks the 144 bytes of a block. */
export function readQ4K(block: Uint8Array): Q4KBlock {
  const [d, dmin] = decodeF16(
    Uint16Array.of(block[0] | (block[1] << 8), block[2] | (block[3] << 8)),
  );
  const packed = block.subarray(4, 16);
  const scales: number[] = [];
  const mins: number[] = [];
  for (let j = 0; j < 4; j++) {
    scales.push(packed[j] & 63);
    mins.push(packed[j + 4] & 63);
  }
  // The last four have their low bits side by side, and their high bits above those of the first four.
  for (let j = 0; j < 4; j++) {
    scales.push((packed[j + 8] & 15) | ((packed[j] >> 6) << 4));
    mins.push((packed[j + 8] >> 4) | ((packed[j + 4] >> 6) << 4));
  }
  const codes = Uint8Array.from({ length: 256 }, (_, i) => {
    const byte = block[16 + (i >> 6) * 32 + (i % 32)];
    return (i >> 5) & 1 ? byte >> 4 : byte & 15;
  });
  return { d, dmin, scales, mins, codes };
}
