// Fuzz targets for the readers of `fewbits/io`: any bytes are refused with CORRUPT_DATA or UNSUPPORTED, or
// give results that are valid and survive being written and read again. Each target throws otherwise. Each
// can also be used with a coverage-guided fuzzer that expects a function of one buffer.

import assert from 'node:assert/strict';
import * as io from 'fewbits/io';

/** Runs `read`; if it throws a documented error, returns undefined with the message in `refusal`. */
function attempt(read, codes = ['CORRUPT_DATA', 'UNSUPPORTED']) {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof io.FewbitsError && codes.includes(error.code)) {
      return { refusal: error.message };
    }
    throw error;
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength);

export function npy(bytes) {
  const { value, refusal } = attempt(() => io.readNpy(bytes));
  if (!value) return refusal;
  const { type, shape, data } = value;
  assert.equal(
    data.length,
    shape.reduce((a, b) => a * b, 1),
  );
  assert(data.byteLength < bytes.length);
  const long = io.readNpy(Buffer.concat([Buffer.of(0), bytes]).subarray(1));
  assert(bytesOf(long.data).equals(bytesOf(data)));
  for (const options of [{}, { fortranOrder: true, bigEndian: true, version: 3 }]) {
    const again = io.readNpy(io.writeNpy({ data, shape, type }, options));
    assert.deepEqual([again.type, again.shape], [type, shape]);
    assert(bytesOf(again.data).equals(bytesOf(data)));
  }
  assert.equal(io.toFloat32(data, type).length, data.length);
  return `${type} ${shape.length}`;
}

export async function npz(bytes) {
  let arrays;
  try {
    arrays = await io.readNpz(bytes);
  } catch (error) {
    if (error instanceof io.FewbitsError && ['CORRUPT_DATA', 'UNSUPPORTED'].includes(error.code)) {
      return error.message;
    }
    throw error;
  }
  const file = await io.openNpz(new Blob([bytes]));
  assert.deepEqual(file.names, [...arrays.keys()]);
  for (const [name, { data, shape, type }] of arrays) {
    assert.equal(
      data.length,
      shape.reduce((a, b) => a * b, 1),
    );
    // A deflated byte expands to less than 1032 bytes.
    assert(data.byteLength < 1032 * bytes.length);
    const part = await file.open(name);
    assert.deepEqual([part.type, part.shape, part.length], [type, shape, data.length]);
    if (!part.fortranOrder) assert(bytesOf(await part.read(0, part.length)).equals(bytesOf(data)));
  }
  return `${[...arrays.values()].map(({ type }) => type)}`;
}

export function safetensors(bytes) {
  const { value, refusal } = attempt(() => io.readSafetensors(bytes));
  if (!value) return refusal;
  const { tensors, metadata } = value;
  let total = 0;
  for (const { name, byteLength } of tensors) {
    assert.equal(value.elements(name).byteLength, byteLength);
    total += byteLength;
  }
  assert(total < bytes.length);
  const inputs = tensors.map((tensor) => ({ ...tensor, data: value.bytes(tensor.name) }));
  const again = io.readSafetensors(io.writeSafetensors(inputs, metadata));
  assert.deepEqual(again.metadata, metadata);
  assert.equal(again.tensors.length, tensors.length);
  for (const { name, dtype, shape } of tensors) {
    const found = again.tensors.find((tensor) => tensor.name === name);
    assert.deepEqual([found.dtype, found.shape], [dtype, shape]);
    assert(bytesOf(again.bytes(name)).equals(bytesOf(value.bytes(name))));
  }
  return `${tensors.map(({ dtype }) => dtype)}`;
}

export function gguf(bytes) {
  const { value, refusal } = attempt(() => io.readGguf(bytes));
  if (!value) return refusal;
  const { metadata, tensors } = value;
  const entries = [...metadata.values()];
  for (const entry of entries) assert.notEqual(entry.value, undefined);
  const inputs = tensors.map(({ name, shape, typeId, byteLength }) => {
    assert.equal(value.bytes(name).length, byteLength);
    return { name, shape, type: typeId, data: value.bytes(name) };
  });
  // Long names, many dimensions and small alignments are read but not written.
  const written = attempt(() => io.writeGguf(entries, inputs), ['INVALID_ARGUMENT']);
  if (!written.value) return written.refusal;
  // The memory that a file makes a writer allocate is bounded by its own size and one alignment.
  assert(written.value.length <= 2 * bytes.length + (1 << 20));
  const again = io.readGguf(written.value);
  assert.deepEqual([...again.metadata.keys()], [...metadata.keys()]);
  for (const { key, raw } of entries) {
    assert(bytesOf(again.metadata.get(key).raw).equals(bytesOf(raw)));
  }
  for (const { name, typeId, shape, type } of tensors) {
    const found = again.tensor(name);
    assert.deepEqual([found.typeId, found.shape], [typeId, shape]);
    const [one, two] = [value.bytes(name), again.bytes(name)];
    // A tensor of an unknown type ends where the next begins, including its padding.
    assert(bytesOf(type ? two : two.subarray(0, one.length)).equals(bytesOf(one)));
  }
  return `${entries.map(({ type }) => type)} ${tensors.map(({ typeId }) => typeId)}`;
}

export function imatrix(bytes) {
  const { value, refusal } = attempt(() => io.readImatrix(bytes));
  if (!value) return refusal;
  const { format, weights, datasets, chunks } = value;
  let total = 0;
  for (const values of weights.values()) {
    assert(values.length > 0 && values.every((weight) => weight >= 0 && weight < Infinity));
    total += values.byteLength;
  }
  assert(total < bytes.length);
  assert(datasets.every((text) => typeof text === 'string'));
  assert(Number.isInteger(chunks) && chunks >= 0);
  return `${format} ${weights.size} ${datasets.length}`;
}
