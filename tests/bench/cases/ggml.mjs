// ggml block formats: every type in both directions, and the searches that importance weights add.

const rowLength = 4096;
/** The types whose bytes depend on importance weights. */
const weighted = /^(Q[45]_[01]|Q[2-6]_K|IQ4_)/;

export function* run(fb, { normals, race, setter }, { quick }) {
  const x = normals(quick ? 262_144 : 1_048_576);
  const importance = normals(rowLength).map(Math.abs);
  const options = { rounds: quick ? 3 : 5, warmUp: quick ? 30 : 100 };
  const { set } = race({ set: setter(x) }, options);
  const row = (name, ms) => ({
    name: `${name}, ${(x.length / ms / 1e3).toFixed(1)} Mfloat/s`,
    ms,
    bytes: x.byteLength,
    ratios: { 'one set': ms / set },
  });
  for (const type of Object.keys(fb.ggml.types)) {
    const blocks = fb.ggml.quantize(x, type);
    const values = new Float32Array(x.length);
    const alternatives = {
      decode: () => fb.ggml.dequantize(blocks, type, x.length, values),
      encode: () => fb.ggml.quantize(x, type, { rowLength }, blocks),
    };
    if (weighted.test(type)) {
      alternatives['encode with importance'] = () =>
        fb.ggml.quantize(x, type, { rowLength, importance }, blocks);
    }
    const times = race(alternatives, options);
    for (const [name, ms] of Object.entries(times)) yield row(`${type} ${name}`, ms);
  }
}
