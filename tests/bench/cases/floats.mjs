// float16 and bfloat16, and packing of codes.

function plainBf16(x) {
  const bits = new Uint32Array(x.buffer);
  const out = new Uint16Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const v = bits[i];
    out[i] = (v + 0x7fff + ((v >>> 16) & 1)) >>> 16;
  }
  return out;
}

function plainPack4(codes) {
  const out = new Uint8Array(codes.length / 2);
  for (let i = 0; i < out.length; i++) {
    out[i] = (codes[2 * i] & 15) | ((codes[2 * i + 1] & 15) << 4);
  }
  return out;
}

export function* run(fb, { normals, race, setter }, { quick }) {
  const x = normals(quick ? 2_000_000 : 20_000_000);
  const bytes = x.byteLength;
  const options = { rounds: quick ? 3 : 7 };
  const f16 = fb.floats.encode(x, 'f16');
  const ms = race(
    {
      f16: () => fb.floats.encode(x, 'f16'),
      f16Decode: () => fb.floats.decode(f16, 'f16', x.length),
      bf16: () => fb.floats.encode(x, 'bf16'),
      plain: () => plainBf16(x),
      set: setter(x),
    },
    options,
  );
  const row = (name, time) => ({
    name,
    ms: time,
    bytes,
    ratios: { 'the plain bf16 loop': ms.plain / time, 'one set': time / ms.set },
  });
  yield row('f16 encode', ms.f16);
  yield row('f16 decode', ms.f16Decode);
  yield row('bf16 encode', ms.bf16);

  const codes = Uint8Array.from(x, (v) => v * 4);
  const packing = race(
    {
      pack4: () => fb.bits.pack(codes, 4),
      pack3: () => fb.bits.pack(codes, 3),
      plain: () => plainPack4(codes),
    },
    options,
  );
  for (const bits of [4, 3]) {
    const time = packing[`pack${bits}`];
    yield {
      name: `pack ${bits} bits`,
      ms: time,
      bytes: codes.length,
      ratios: { 'the plain nibble loop': packing.plain / time },
    };
  }
}
