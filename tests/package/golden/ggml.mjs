// The bytes and floats of ggml's own quantizers, with and without importance weights.

import { same } from './compare.mjs';

const rowLength = 256;

export async function ggml({ fb, bytes, test }) {
  const file = async (name) => Uint8Array.from(await bytes(`ggml/${name}`));
  const floats = async (name) => new Float32Array((await file(name)).buffer);
  const x = await floats('input.f32');
  const importance = await floats('imatrix.f32');
  for (const [type, { blockSize }] of Object.entries(fb.ggml.types)) {
    if (blockSize === 1) continue;
    const name = type.toLowerCase().replace('_k', '_K');
    await test(type, async () => {
      const blocks = await file(`${name}.bin`);
      same('blocks', fb.ggml.quantize(x, type, { rowLength }), blocks);
      const weighted = await file(`with-imatrix/${name}.bin`);
      same('with importance', fb.ggml.quantize(x, type, { rowLength, importance }), weighted);
      const values = fb.ggml.dequantize(blocks, type, x.length);
      same('values', new Uint8Array(values.buffer), await file(`${name}.dequantized.f32`));
    });
  }
}
