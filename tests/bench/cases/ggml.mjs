// ggml block formats: every type both ways, and the searches that importance weights add.

const rowLength = 4096;

export function* run(fb, { normals, race, setter }, { quick }) {
  const x = normals(quick ? 262_144 : 2_097_152);
  const importance = normals(rowLength).map(Math.abs);
  const options = { rounds: quick ? 3 : 5 };
  const { set } = race({ set: setter(x) }, options);
  const row = (name, ms) => ({
    name: `${name}, ${(x.length / ms / 1e3).toFixed(1)} Mfloat/s`,
    ms,
    bytes: x.byteLength,
    ratios: { 'one set': ms / set },
  });
  for (const [type, { blockSize }] of Object.entries(fb.ggml.types)) {
    const blocks = fb.ggml.quantize(x, type);
    const values = new Float32Array(x.length);
    const ms = race(
      {
        encode: () => fb.ggml.quantize(x, type, { rowLength }, blocks),
        decode: () => fb.ggml.dequantize(blocks, type, x.length, values),
        weighted: () => fb.ggml.quantize(x, type, { rowLength, importance }, blocks),
      },
      options,
    );
    yield row(`${type} encode`, ms.encode);
    if (blockSize > 1) yield row(`${type} encode with importance`, ms.weighted);
    yield row(`${type} decode`, ms.decode);
  }
}
