// Files of other kinds given to a reader: the message names what they are.

import { deflateRawSync, gzipSync } from 'node:zlib';
import {
  openGguf,
  openImatrix,
  openNpy,
  openNpz,
  openSafetensors,
  readGguf,
  readImatrix,
  readNpy,
  readSafetensors,
  writeGguf,
  writeNpy,
  writeSafetensors,
} from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { refused } from './damage.js';

const text = (words: string) => new TextEncoder().encode(words);
const latin1 = (words: string, length = 600) => {
  const bytes = new Uint8Array(Math.max(length, words.length)).fill(0x5a);
  bytes.set(Buffer.from(words, 'latin1'));
  return bytes;
};
/** The start of a zip archive whose first member has this name. */
const zip = (name: string) =>
  latin1(
    `PK\x03\x04\x14\0\0\0\0\0${'\0'.repeat(16)}${String.fromCharCode(name.length)}\0\0\0${name}`,
  );

const index = {
  metadata: { total_size: 65536 },
  weight_map: { a: 'model-00001-of-00002.safetensors' },
};
const lfs = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 4976698672\n`;

const kinds: Record<string, [Uint8Array, RegExp]> = {
  'a Git LFS pointer': [
    text(lfs),
    /this is a Git LFS pointer to a file of 4976698672 bytes.*git lfs pull/,
  ],
  'a page': [text('<!doctype html><html><body>Not found</body></html>'), /an HTML page/],
  'a page after a comment': [text('\n<!-- x\n y -->\n<HTML lang="en">'), /an HTML page/],
  'an error of S3': [
    text('<?xml version="1.0"?><Error><Code>AccessDenied</Code>'),
    /XML.*AccessDenied/,
  ],
  words: [text('Entry not found'), /a text, 'Entry not found'/],
  'words that a terminal obeys': [text('no\u009b[2J entry'), /a text, 'no\\u\{9b\}\[2J entry'/],
  'the index of shards': [
    text(JSON.stringify(index, null, 2)),
    /index of a model.*open each of its shards/,
  ],
  JSON: [text('{"error":"Repository not found"}'), /JSON text, '{"error":"Repository not found"}'/],
  'an empty file': [new Uint8Array(0), /this is an empty file/],
  zeros: [new Uint8Array(1000), /nothing but zeros.*fetch it again/],
  'a checkpoint of torch': [zip('archive/data.pkl'), /PyTorch checkpoint.*safetensors\.torch/],
  'some zip archive': [zip('mimetype'), /a zip archive/],
  'an empty zip archive': [latin1(`PK\x05\x06${'\0'.repeat(18)}`, 22), /a zip archive/],
  'a pickle': [
    latin1('\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02'),
    /Python pickle.*safetensors\.torch/,
  ],
  ggjt: [latin1('tjgg\x03\0\0\0\0\x7d\0\0'), /ggjt.*before GGUF/],
  ggml: [latin1('lmgg\0\x7d\0\0'), /ggml.*before GGUF/],
  gzip: [gzipSync(new Uint8Array(4000)), /compressed with gzip.*unpack/],
  zstd: [latin1('\x28\xb5\x2f\xfd\x04\0'), /compressed with zstd/],
  tar: [latin1(`${'a'.padEnd(257, '\0')}ustar`), /tar archive/],
  HDF5: [latin1('\x89HDF\r\n\x1a\n'), /HDF5/],
  'TensorFlow Lite': [latin1('\x1c\0\0\0TFL3'), /TensorFlow Lite/],
  ONNX: [latin1('\x08\x07\x12\x07pytorch\x1a\x052.1.0'), /ONNX/],
  Parquet: [latin1('PAR1\x15\x04'), /Parquet/],
  'a program': [latin1('\x7fELF\x02\x01\x01\0'), /program/],
};

const readers: Record<
  string,
  [(bytes: Uint8Array) => unknown, (bytes: Uint8Array) => Promise<unknown>]
> = {
  safetensors: [readSafetensors, openSafetensors],
  gguf: [readGguf, openGguf],
  npy: [readNpy, openNpy],
  imatrix: [readImatrix, openImatrix],
};

describe.each(Object.entries(readers))('%s', (format, [read, open]) => {
  it.each(Object.entries(kinds))('given %s', async (_, [bytes, says]) => {
    expect(() => read(bytes)).toThrow(refused('CORRUPT_DATA'));
    expect(() => read(bytes)).toThrow(says);
    await expect(open(bytes)).rejects.toThrow(says);
  });

  it('given a file of another reader', async () => {
    const data = Float32Array.of(1, 2);
    const others: Record<string, [Uint8Array, RegExp]> = {
      safetensors: [
        writeSafetensors([{ name: 'w', shape: [2], data }]),
        /a safetensors file: readSafetensors/,
      ],
      gguf: [writeGguf([], []), /a GGUF file: readGguf/],
      npy: [writeNpy({ data }), /an npy file: readNpy/],
      npz: [zip('w.npy'), /an npz file.*readNpz/],
    };
    for (const [other, [bytes, says]] of Object.entries(others)) {
      // An importance matrix is a GGUF file.
      if (other === format || (format === 'imatrix' && other === 'gguf')) continue;
      expect(() => read(bytes)).toThrow(says);
      await expect(open(bytes)).rejects.toThrow(says);
    }
  });
});

it('npz, given anything else', async () => {
  for (const [name, [bytes, says]] of Object.entries(kinds)) {
    if (/zip|torch/.test(name)) continue;
    await expect(openNpz(bytes)).rejects.toThrow(refused('CORRUPT_DATA'));
    await expect(openNpz(bytes)).rejects.toThrow(says);
  }
  await expect(openNpz(zip('w.npy'))).rejects.toThrow(/the end of the zip archive is missing/);
});

describe('a download that did not end', () => {
  const data = new Float32Array(64);
  const files: Record<string, Uint8Array> = {
    safetensors: writeSafetensors([{ name: 'w', shape: [64], data }]),
    gguf: writeGguf([], [{ name: 'w', type: 'F32', shape: [64], data }]),
    npy: writeNpy({ data }),
  };

  it.each(Object.entries(files))('%s', async (format, file) => {
    const [read, open] = readers[format] as (typeof readers)['npy'];
    for (const length of [file.length - 1, file.length - 200]) {
      expect(() => read(file.subarray(0, length))).toThrow(/cut off/);
      await expect(open(file.subarray(0, length))).rejects.toThrow(/cut off/);
    }
  });
});

it('deflated bytes without a name, and what begins like something else, keep the messages of their reader', () => {
  expect(() => readGguf(deflateRawSync(Buffer.from(lfs.repeat(20))))).toThrow(
    /does not start with GGUF/,
  );
  expect(() => readNpy(latin1('Z\x01Z'))).toThrow(/does not start with/);
});
