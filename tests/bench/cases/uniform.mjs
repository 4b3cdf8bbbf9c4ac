// Uniform quantization from JavaScript arrays into JavaScript arrays.

/** A straightforward loop. */
function plainInt8(x) {
  let largest = 0;
  for (let i = 0; i < x.length; i++) largest = Math.max(largest, Math.abs(x[i]));
  const scale = largest / 127 || 1;
  const codes = new Int8Array(x.length);
  for (let i = 0; i < x.length; i++) {
    codes[i] = Math.max(-128, Math.min(127, Math.round(x[i] / scale)));
  }
  return { codes, scale };
}

function plainInt8Decode({ codes, scale }) {
  const out = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) out[i] = codes[i] * scale;
  return out;
}

function plainBlocks(x) {
  const codes = new Uint8Array(x.length / 2);
  const scales = new Float32Array(x.length / 32);
  for (let block = 0; block < scales.length; block++) {
    const start = block * 32;
    let largest = 0;
    for (let i = 0; i < 32; i++) largest = Math.max(largest, Math.abs(x[start + i]));
    const scale = largest / 7 || 1;
    scales[block] = scale;
    for (let i = 0; i < 32; i += 2) {
      const low = Math.max(-8, Math.min(7, Math.round(x[start + i] / scale)));
      const high = Math.max(-8, Math.min(7, Math.round(x[start + i + 1] / scale)));
      codes[(start + i) / 2] = (low & 15) | ((high & 15) << 4);
    }
  }
  return { codes, scales };
}

function plainBlocksDecode({ codes, scales }) {
  const out = new Float32Array(codes.length * 2);
  for (let i = 0; i < codes.length; i++) {
    const scale = scales[i >> 4];
    out[2 * i] = ((codes[i] << 28) >> 28) * scale;
    out[2 * i + 1] = ((codes[i] << 24) >> 28) * scale;
  }
  return out;
}

export function* run(fb, { normals, race, setter }, { quick }) {
  const x = normals(quick ? 2_000_000 : 20_000_000);
  const bytes = x.byteLength;
  const set = setter(x);

  const row = (name, work, plain, extra = {}) => {
    const alternatives = { work, plain, set, ...extra };
    const ms = race(alternatives, { rounds: quick ? 3 : 7 });
    const ratios = { 'the plain loop': ms.plain / ms.work, 'one set': ms.work / ms.set };
    return { name, ms: ms.work, bytes, ratios };
  };

  const int8 = fb.uniform.quantize(x, { bits: 8 });
  const plain8 = plainInt8(x);
  const out = new Float32Array(x.length);
  yield row(
    'int8, one scale, encode',
    () => fb.uniform.quantize(x, { bits: 8 }),
    () => plainInt8(x),
  );
  const bytes8 = new Uint8Array(x.length);
  yield row(
    'int8, one scale, encode into out',
    () => fb.uniform.quantize(x, { bits: 8 }, bytes8),
    () => plainInt8(x),
  );
  yield row(
    'int8, one scale, decode',
    () => fb.uniform.dequantize(int8),
    () => plainInt8Decode(plain8),
  );
  yield row(
    'int8, one scale, decode into out',
    () => fb.uniform.dequantize(int8, out),
    () => plainInt8Decode(plain8),
  );
  const int4 = fb.uniform.quantize(x, { bits: 4, block: 32 });
  const plain4 = plainBlocks(x);
  yield row(
    '4 bits, blocks of 32, encode',
    () => fb.uniform.quantize(x, { bits: 4, block: 32 }),
    () => plainBlocks(x),
  );
  const bytes4 = new Uint8Array(x.length / 2);
  yield row(
    '4 bits, blocks of 32, encode into out',
    () => fb.uniform.quantize(x, { bits: 4, block: 32 }, bytes4),
    () => plainBlocks(x),
  );
  yield row(
    '4 bits, blocks of 32, decode',
    () => fb.uniform.dequantize(int4),
    () => plainBlocksDecode(plain4),
  );
  yield row(
    '4 bits, blocks of 32, decode into out',
    () => fb.uniform.dequantize(int4, out),
    () => plainBlocksDecode(plain4),
  );
  const shape = [x.length / 1000, 1000];
  yield row(
    'int8, a scale a column, encode',
    () => fb.uniform.quantize(x, { bits: 8, axis: 1, shape }),
    () => plainInt8(x),
  );
  yield row(
    '4 bits affine, blocks of 32, f16 scales, encode',
    () => fb.uniform.quantize(x, { bits: 4, block: 32, scheme: 'affine', scaleType: 'f16' }),
    () => plainBlocks(x),
  );
}
