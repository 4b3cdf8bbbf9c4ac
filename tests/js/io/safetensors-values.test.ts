// Values of safetensors files at any offset, and 8-bit types.

import { openSafetensors, readSafetensors, writeSafetensors } from 'fewbits/io';
import { expect, it } from 'vitest';

const f32 = new Float32Array([0, -0, 1.5, -2.25, 3e38, 1e-45]);
const i64 = new BigInt64Array([-(2n ** 63n), -1n, 2n ** 63n - 1n]);

it('values at places that are not aligned are those of aligned ones', async () => {
  for (const [dtype, data] of Object.entries({ F64: new Float64Array(f32), F32: f32, I64: i64 })) {
    const bytes = new Uint8Array(data.buffer);
    const header = (pad: number) =>
      `{"w":{"dtype":"${dtype}","shape":[${data.length}],"data_offsets":[0,${bytes.length}]}}${' '.repeat(pad)}`;
    for (let pad = 0; pad < 8; pad++) {
      const json = new TextEncoder().encode(header(pad));
      const start = new Uint8Array(new BigUint64Array([BigInt(json.length)]).buffer);
      const file = Buffer.concat([start, json, bytes]);
      for (const source of [file, new Uint8Array(file), new Uint8Array(file).buffer]) {
        expect(readSafetensors(source).elements('w')).toEqual(data);
        const opened = await openSafetensors(source);
        expect(await opened.elements('w')).toEqual(data);
        const floats = Float32Array.from(data, Number);
        expect(await opened.float32('w')).toEqual(floats);
        expect(await opened.float32('w', 1, 2)).toEqual(floats.slice(1, 3));
      }
    }
  }
});

it('8-bit floats are values, those of less are bytes', async () => {
  const data = Uint8Array.of(0x38, 0xb0, 0x7e, 0x7f);
  const types = {
    F8_E4M3: [1, -0.5, 448, Number.NaN],
    F8_E5M2: [0.5, -0.125, Number.NaN, Number.NaN],
  };
  const exponents = { F8_E8M0: [2 ** -71, 2 ** 49, 0.5, 1] };
  const fnuz = {
    F8_E4M3FNUZ: [0.5, -0.25, 224, 240],
    F8_E5M2FNUZ: [0.25, -0.0625, 49152, 57344],
  };
  for (const [dtype, values] of Object.entries({ ...types, ...exponents, ...fnuz })) {
    const file = writeSafetensors([
      { name: 'w', dtype: dtype as 'F8_E4M3', shape: [4], data },
      { name: 'small', dtype: 'F4', shape: [8], data },
    ]);
    expect(readSafetensors(file).float32('w')).toEqual(Float32Array.from(values));
    expect(readSafetensors(file).elements('w')).toEqual(data);
    expect(await (await openSafetensors(file)).float32('w', 1, 2)).toEqual(
      Float32Array.from(values.slice(1, 3)),
    );
    expect(() => readSafetensors(file).float32('small')).toThrow(/F4, which has no float32/);
    expect(readSafetensors(file).elements('small')).toEqual(data);
  }
});
