// Matrix products: rows of one matrix by rows of the other, as weights are stored.

function plain(a, b, n) {
  const out = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < n; p++) sum += a[i * n + p] * b[j * n + p];
      out[i * n + j] = sum;
    }
  }
  return out;
}

export function* run(fb, { normals, race }, { quick }) {
  const n = quick ? 256 : 512;
  const shape = { m: n, n, k: n };
  const a = normals(n * n, 1);
  const b = normals(n * n, 2);
  const codes = (x) => fb.uniform.codes(fb.uniform.quantize(x, { bits: 8 }));
  const aCodes = codes(a);
  const bCodes = codes(b);
  const layer = fb.linear.create({ weights: b, shape: [n, n] });
  const layer4 = fb.linear.create({ weights: b, shape: [n, n], weightBits: 4 });
  const ms = race(
    {
      int8: () => fb.linear.matmul(aCodes, bCodes, shape),
      layer: () => layer.forward(a, n),
      layer4: () => layer4.forward(a, n),
      float: () => fb.linear.matmulFloat(a, b, shape),
      plain: () => plain(a, b, n),
    },
    { rounds: quick ? 3 : 7 },
  );
  const row = (name, time) => ({
    name,
    ms: time,
    ratios: { 'the plain float loop': ms.plain / time, 'our float product': ms.float / time },
  });
  const size = `${n}x${n}x${n}`;
  yield row(`int8 matmul ${size}`, ms.int8);
  yield row(`float matmul ${size}`, ms.float);
  yield row(`int8 layer, batch ${n}, floats in and out`, ms.layer);
  yield row(`int4 layer, batch ${n}, floats in and out`, ms.layer4);
}
