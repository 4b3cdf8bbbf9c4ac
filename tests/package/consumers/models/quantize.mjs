// A model of two tensors converted to Q4_K, reported by the hash of the file.

import { writeSafetensors } from 'fewbits/io';
import { openModel, planModel, quantizeModel } from 'fewbits/models';

export async function quantizeWith(converter) {
  const data = Float32Array.from({ length: 2048 * 512 }, (_, i) => ((i * 7919) % 1009) / 500 - 1);
  const file = writeSafetensors([
    { name: 'large', shape: [2048, 512], data },
    { name: 'halves', shape: [64, 256], data: data.subarray(0, 64 * 256), dtype: 'F16' },
  ]);
  const model = await openModel(new Blob([file]));
  const plan = planModel(model, { type: 'Q4_K' });
  const pieces = [];
  for await (const piece of quantizeModel(model, plan, { converter })) pieces.push(piece);
  const bytes = await new Blob(pieces).arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return { length: bytes.byteLength, hash: [...hash] };
}
