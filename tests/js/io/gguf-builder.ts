/** A GGUF file built by hand, field by field, as the specification lists them. */
export class GgufBuilder {
  private readonly bytes: number[] = [];

  start(tensors: bigint | number, keys: bigint | number, version = 3): this {
    return this.u8(0x47, 0x47, 0x55, 0x46).u32(version).u64(tensors).u64(keys);
  }

  u8(...values: number[]): this {
    return this.push(values);
  }

  u32(value: number): this {
    return this.push(new Uint8Array(new Uint32Array([value]).buffer));
  }

  u64(value: bigint | number): this {
    return this.push(new Uint8Array(new BigUint64Array([BigInt(value)]).buffer));
  }

  text(value: string): this {
    const bytes = new TextEncoder().encode(value);
    return this.u64(bytes.length).push(bytes);
  }

  tensor(
    name: string,
    dimensions: (bigint | number)[],
    type: number,
    offset: bigint | number,
  ): this {
    this.text(name).u32(dimensions.length);
    for (const size of dimensions) this.u64(size);
    return this.u32(type).u64(offset);
  }

  push(values: Iterable<number>): this {
    for (const value of values) this.bytes.push(value);
    return this;
  }

  align(to: number): this {
    while (this.bytes.length % to !== 0) this.bytes.push(0);
    return this;
  }

  done(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.bytes);
  }
}

/** Bytes 0 to 71: the contents of tensor q in `handmadeGguf`. */
export const handmadeQ = Uint8Array.from({ length: 72 }, (_, i) => i);

/** A file with every value type, alignment 64, a Q4_0 tensor, one of an unknown type, and an f32 tensor. */
export function handmadeGguf(version = 3): Uint8Array<ArrayBuffer> {
  const file = new GgufBuilder().start(3, 16, version);
  file.text('general.architecture').u32(8).text('llama');
  file.text('a.u8').u32(0).u8(200);
  file.text('a.i8').u32(1).u8(0x80);
  file.text('a.u16').u32(2).u8(1, 2);
  file.text('a.i16').u32(3).u8(0xfe, 0xff);
  file.text('a.u32').u32(4).u32(4_000_000_000);
  file.text('a.i32').u32(5).u32(0xffffffff);
  file.text('a.f32').u32(6).u8(0, 0, 0xc0, 0x3f);
  file.text('a.bool').u32(7).u8(1);
  file
    .text('a.u64')
    .u32(10)
    .u64(2n ** 64n - 1n);
  file
    .text('a.i64')
    .u32(11)
    .u64(2n ** 64n - 1n);
  file.text('a.f64').u32(12).u8(0, 0, 0, 0, 0, 0, 0xf8, 0x3f);
  file.text('a.strings').u32(9).u32(8).u64(2).text('').u64(3).u8(0x61, 0xff, 0x62);
  file.text('a.nested').u32(9).u32(9).u64(2);
  file.u32(2).u64(2).u8(1, 0, 2, 0);
  file.u32(7).u64(3).u8(1, 0, 1);
  file.text('general.alignment').u32(4).u32(64);
  file.text('a.empty').u32(9).u32(5).u64(0);
  file.tensor('q', [64, 2], 2, 0);
  file.tensor('odd', [5], 999, 128);
  file.tensor('f', [2, 3], 0, 192);
  file.align(64).push(handmadeQ);
  file.align(64).u8(7, 7);
  file.align(64).push(new Uint8Array(new Float32Array([1, 2, 3, 4, 5, 6]).buffer));
  return file.done();
}
