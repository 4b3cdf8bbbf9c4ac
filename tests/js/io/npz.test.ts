// npz files of numpy, and archives with false entries.

import { readFileSync } from 'node:fs';
import { crc32, deflateRawSync } from 'node:zlib';
import { openNpz, readNpz, toFloat32, writeNpy } from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { corruptions, refused } from './damage.js';

const golden = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../golden/npz/${name}.npz`, import.meta.url)));

const floats = Float32Array.of(0, -0, 1.5, -2.25, 65504, 6.1e-5);
const height = BigInt64Array.from({ length: 24 }, (_, at) => {
  const [i, j, k] = [Math.floor(at / 12), Math.floor(at / 4) % 3, at % 4];
  return BigInt(i + 2 * j + 6 * k);
});

describe('files written by numpy', () => {
  it.each(['stored', 'deflated'])('%s', async (name) => {
    const arrays = await readNpz(Buffer.from(golden(name)));
    expect([...arrays.keys()].filter((key) => key !== 'zeros')).toEqual([
      'floats',
      'halves',
      'höhe',
      'scalar',
    ]);
    expect(arrays.get('floats')).toEqual({ type: 'f32', shape: [2, 3], data: floats });
    expect(arrays.get('halves')?.data).toEqual(
      Uint16Array.of(0, 0x8000, 0x3e00, 0xc080, 0x7bff, 0x3ff),
    );
    expect(arrays.get('höhe')).toEqual({ type: 'int64', shape: [2, 3, 4], data: height });
    expect(arrays.get('scalar')?.data).toEqual(Float64Array.of(3.5));
    if (name === 'deflated') expect(arrays.get('zeros')?.data).toEqual(new Float32Array(100_000));
  });

  it('in parts, from a Blob and from a reader that never gives the whole file', async () => {
    const bytes = golden('stored');
    let read = 0;
    const reader = {
      size: bytes.length,
      read: async (offset: number, length: number) => {
        read += length;
        return Buffer.from(bytes.subarray(offset, offset + length));
      },
    };
    for (const source of [bytes, new Blob([bytes]), reader]) {
      const file = await openNpz(source);
      read = 0;
      expect(file.has('floats') && !file.has('x')).toBe(true);
      const part = await file.open('floats');
      expect(part).toMatchObject({ type: 'f32', shape: [2, 3], length: 6 });
      expect(await part.readFloat32(2, 3)).toEqual(floats.slice(2, 5));
      const packed = await (await openNpz(golden('deflated'))).open('zeros');
      expect(await packed.read(99_999, 1)).toEqual(new Float32Array(1));
      await expect(file.open('x')).rejects.toThrow(/no array "x"; the file has "floats"/);
    }
    expect(read).toBe(30 + 12 + 118 + 12);
  });

  it('pickles are refused by name, and the arrays beside them are read', async () => {
    const file = await openNpz(golden('objects'));
    expect((await file.read('floats')).data).toEqual(floats);
    for (const read of [() => file.read('objects'), () => file.open('objects')]) {
      await expect(read()).rejects.toThrow(refused('UNSUPPORTED'));
      await expect(read()).rejects.toThrow(/Python objects, which are pickles.*"objects"/);
    }
    expect((await openNpz(golden('empty'))).names).toEqual([]);
  });

  it('8-bit floats have the values that ml_dtypes gives them', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    for (const [type, { data }] of await readNpz(golden('float8-values'))) {
      expect(toFloat32(bytes, type as 'f8_e4m3')).toEqual(data);
    }
  });
});

interface Member {
  name: string;
  data: Uint8Array;
  method?: number;
  flags?: number;
  size?: number;
  crc?: number;
}

/** A zip archive built by hand; with `large` as zip64, in the way Python writes large members. */
function zip(members: Member[], { large = false, comment = '' } = {}): Uint8Array {
  const bytes: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, method = 0, flags = 0, size, crc } of members) {
    const packed = method === 8 ? deflateRawSync(data) : Buffer.from(data);
    const sizes = [crc ?? crc32(data), packed.length, size ?? data.length];
    const utf8 = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.write('PK\x03\x04', 'latin1');
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(utf8.length, 26);
    const entry = Buffer.alloc(46);
    entry.write('PK\x01\x02', 'latin1');
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(sizes[0] as number, 16);
    entry.writeUInt32LE(large ? 0xffffffff : (sizes[1] as number), 20);
    entry.writeUInt32LE(large ? 0xffffffff : (sizes[2] as number), 24);
    entry.writeUInt16LE(utf8.length, 28);
    entry.writeUInt32LE(large ? 0xffffffff : at, 42);
    let extra = Buffer.alloc(0);
    if (large) {
      extra = Buffer.alloc(4 + 5 + 28); // another extra field first
      extra.writeUInt16LE(0x5455, 0);
      extra.writeUInt16LE(5, 2);
      extra.writeUInt16LE(1, 9);
      extra.writeUInt16LE(24, 11);
      [sizes[2], sizes[1], at].forEach((value, i) => {
        extra.writeBigUInt64LE(BigInt(value as number), 13 + 8 * i);
      });
      entry.writeUInt16LE(extra.length, 30);
    }
    directory.push(entry, utf8, extra);
    bytes.push(local, utf8, packed);
    at += local.length + utf8.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(large ? 0xffff : members.length, 10);
  end.writeUInt32LE(large ? 0xffffffff : list.length, 12);
  end.writeUInt32LE(large ? 0xffffffff : at, 16);
  end.writeUInt16LE(comment.length, 20);
  const end64 = Buffer.alloc(large ? 76 : 0);
  if (large) {
    end64.write('PK\x06\x06', 'latin1');
    [members.length, list.length, at].forEach((value, i) => {
      end64.writeBigUInt64LE(BigInt(value), 32 + 8 * i);
    });
    end64.write('PK\x06\x07', 56, 'latin1');
    end64.writeBigUInt64LE(BigInt(at + list.length), 64);
  }
  return new Uint8Array(Buffer.concat([...bytes, list, end64, end, Buffer.from(comment)]));
}

const data = writeNpy({ data: floats });
const one = (fields: Partial<Member> = {}) => zip([{ name: 'a.npy', data, ...fields }]);

describe('other archives', () => {
  it('zip64, comments, and members that are not arrays', async () => {
    for (const method of [0, 8]) {
      const members = [
        { name: 'readme.txt', data: new Uint8Array(5) },
        { name: 'a.npy', data, method },
      ];
      for (const bytes of [
        zip(members),
        zip(members, { large: true }),
        zip(members, { comment: 'PK\x05\x06' }),
      ]) {
        const arrays = await readNpz(bytes);
        expect([...arrays.keys()]).toEqual(['a']);
        expect(arrays.get('a')?.data).toEqual(floats);
      }
    }
  });

  it.each([
    ['encrypted', one({ flags: 1 }), 'UNSUPPORTED', /encrypted/],
    ['LZMA', one({ method: 14 }), 'UNSUPPORTED', /method 14/],
    ['another checksum', one({ crc: 1 }), 'CORRUPT_DATA', /checksum/],
    ['another checksum, deflated', one({ crc: 1, method: 8 }), 'CORRUPT_DATA', /checksum/],
    ['more than it says', one({ method: 8, size: 100 }), 'CORRUPT_DATA', /more than 100/],
    ['less than it says', one({ method: 8, size: 1000 }), 'CORRUPT_DATA', /not 1000/],
    ['a bomb', one({ method: 8, size: 2 ** 31 }), 'CORRUPT_DATA', /cannot have/],
    ['not deflated', one({ method: 0, size: 100 }), 'CORRUPT_DATA', /cannot have/],
    ['a name twice', zip([1, 2].map(() => ({ name: 'a.npy', data }))), 'CORRUPT_DATA', /twice/],
    ['no npy', one({ data: new Uint8Array(200) }), 'CORRUPT_DATA', /npy.*array "a"/],
    ['cut off', one().slice(0, -1), 'CORRUPT_DATA', /cut off/],
    ['no zip', new Uint8Array(100), 'CORRUPT_DATA', /zeros/],
    ['an npy file', data, 'CORRUPT_DATA', /this is an npy file.*readNpy/],
  ] as const)('refuses: %s', async (_, bytes, code, says) => {
    await expect(readNpz(bytes)).rejects.toThrow(refused(code));
    await expect(readNpz(bytes)).rejects.toThrow(says);
  });

  it('a million bytes that one stream gives again and again are refused as an overlap', async () => {
    const bytes = zip([
      { name: 'a.npy', data },
      { name: 'b.npy', data },
    ]);
    const second = Buffer.from(bytes).lastIndexOf('PK\x01\x02', undefined, 'latin1');
    new DataView(bytes.buffer).setUint32(second + 42, 0, true);
    await expect(openNpz(bytes)).rejects.toThrow(/"b.npy" does not lie where/);
  });

  it('damaged files are refused or read soundly', async () => {
    for (const file of [golden('stored'), golden('deflated'), one()]) {
      for (const damaged of corruptions(file, 100)) {
        try {
          for (const { data, shape } of (await readNpz(damaged)).values()) {
            expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
          }
        } catch (error) {
          const { code } = error as { code?: string };
          if (code !== 'CORRUPT_DATA' && code !== 'UNSUPPORTED') throw error;
        }
      }
    }
  });
});
