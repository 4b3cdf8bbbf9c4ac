// Quantization for a known distribution, from JavaScript arrays to words and back.

/** The same thresholds, found by binary search; the codes stay unpacked, which saves the packing. */
function plainEncode(x, thresholds) {
  const codes = new Uint8Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const value = x[i];
    let low = 0;
    let high = thresholds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (thresholds[middle] <= value) low = middle + 1;
      else high = middle;
    }
    codes[i] = low;
  }
  return codes;
}

function plainDecode(codes, levels) {
  const out = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) out[i] = levels[codes[i]];
  return out;
}

export function* run(fb, { normals, race }, { quick }) {
  const x = normals(quick ? 1_000_000 : 10_000_000);
  const bytes = x.byteLength;
  const rounds = quick ? 3 : 5;
  const { quantize, dequantize, codebook } = fb.distributional;

  for (const k of [4, 8]) {
    const q = quantize(x, { k, beta: 1 });
    const { thresholds, levels } = codebook(q.info);
    const codes = plainEncode(x, thresholds);
    const encode = race(
      {
        fitted: () => quantize(x, { k, beta: 1 }),
        given: () => quantize(x, { codebook: { thresholds, levels } }),
        uniform: () => fb.uniform.quantize(x, { bits: k }),
        plain: () => plainEncode(x, thresholds),
      },
      { rounds },
    );
    const row = (name, ms) => ({
      name: `${k} bits, ${name}`,
      ms,
      bytes,
      ratios: {
        'the plain binary search': encode.plain / ms,
        [`uniform ${k}-bit`]: encode.uniform / ms,
      },
    });
    yield row('beta 1, encode', encode.fitted);
    yield row('codebook given, encode', encode.given);

    const out = new Float32Array(x.length);
    const decode = race(
      { work: () => dequantize(q.data, q.info, out), plain: () => plainDecode(codes, levels) },
      { rounds },
    );
    yield {
      name: `${k} bits, decode into out`,
      ms: decode.work,
      bytes,
      ratios: { 'the plain look-up': decode.plain / decode.work },
    };
  }

  // The cost of the search for the best beta, relative to encoding with a known beta.
  const some = x.subarray(0, 1_000_000);
  const search = race(
    {
      known: () => quantize(some, { k: 4, beta: 1 }),
      beta: () => quantize(some, { k: 4 }),
      all: () => quantize(some, { k: 4, dist: null }),
    },
    { rounds },
  );
  for (const [name, ms] of [
    ['best beta', search.beta],
    ['best distribution and beta', search.all],
  ]) {
    yield {
      name: `4 bits, ${name}, 10^6 values`,
      ms,
      bytes: some.byteLength,
      ratios: { 'of one pass': ms / search.known },
    };
  }
}
