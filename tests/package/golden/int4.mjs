// The int4 package's printed examples.

import { printsAs, same } from './compare.mjs';

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export async function int4({ fb, json, test }) {
  const { cases, pack } = await json('int4/cases.json');
  for (const golden of cases) {
    await test(`${golden.scale_method} of ${golden.input}`, () => {
      const { input, scale_method: scaleMethod } = golden;
      const { values, scale, zeroPoint } = fb.int4.quantize(input, { scaleMethod });
      same('q', values, golden.q);
      same('zero point', zeroPoint, 0);
      if (golden.scale !== undefined) {
        // Printed with as many digits as needed, the last one not always rounded.
        const unit = 10 ** (2 - String(golden.scale).length);
        same('scale', Math.abs(scale - golden.scale) < unit, true);
      }
      const packed = fb.int4.pack(values);
      if (golden.packed_hex !== undefined) same('packed', hex(packed), golden.packed_hex);
      if (golden.packed_int8 !== undefined) {
        same('packed', new Int8Array(packed.buffer), golden.packed_int8);
      }
      same('unpacked', fb.int4.unpack(packed, input.length), golden.q);
      const { mae, maxAbs } = fb.compare(input, fb.int4.dequantize(values, scale, zeroPoint));
      if (golden.mean_absolute_error !== undefined) {
        printsAs('mean absolute error', mae, golden.mean_absolute_error);
      }
      if (golden.max_absolute_error !== undefined) {
        printsAs('largest error', maxAbs, golden.max_absolute_error);
      }
    });
  }
  for (const { values, packed_int8 } of pack) {
    await test(`pack ${values}`, () => {
      const packed = fb.int4.pack(Int8Array.from(values));
      same('packed', new Int8Array(packed.buffer), packed_int8);
      same('unpacked', fb.int4.unpack(packed), values);
    });
  }
}
