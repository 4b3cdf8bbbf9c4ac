// The command `fewbits inspect`: shows the contents of a file, from its header.

import { parseArgs } from 'node:util';
import { type GgufArray, openGguf, openNpy, openSafetensors, type RangedReader } from 'fewbits/io';
import { withFile } from './files.js';
import { print, write } from './print.js';
import { bytesText, cut, jsonPieces, type Listed, paths, printable, tableLines } from './text.js';

export const INSPECT_HELP = `fewbits inspect <file.gguf | file.safetensors | file.npy> [--json]

Prints what a file holds: its metadata, and name, type, shape and size of each tensor. Only the header
is read, however large the file is. Long names and values are cut, control characters escaped.

  --json               the same as one JSON object, whole; 64-bit integers as strings`;

interface Report {
  format: string;
  bytes: number;
  metadata: Iterable<readonly [key: string, value: unknown]>;
  tensors: readonly {
    name: string;
    type: string;
    shape: readonly number[];
    offset: number;
    bytes: number;
  }[];
}

export async function inspect(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  const [path] = paths(positionals, ['file']);
  const report = await withFile(path, describe);
  if (values.json) await write(json(report));
  else await print(text(path, report));
}

/** The report as a JSON object, in pieces. */
function* json({ format, bytes, metadata, tensors }: Report): Generator<string, void, void> {
  yield `{"format":${JSON.stringify(format)},"bytes":${bytes},"metadata":{`;
  let comma = '';
  for (const [key, value] of metadata) {
    yield comma;
    yield* jsonPieces(key, listOf);
    yield ':';
    yield* jsonPieces(value, listOf);
    comma = ',';
  }
  yield '},"tensors":[';
  comma = '';
  for (const { name, type, shape, offset, bytes: size } of tensors) {
    yield `${comma}{"name":`;
    yield* jsonPieces(name, listOf);
    const rest = JSON.stringify({ type, shape, offset, bytes: size });
    yield `,${rest.slice(1)}`;
    comma = ',';
  }
  yield ']}\n';
}

function* text(path: string, report: Report): Generator<string, void, void> {
  const { format, bytes, metadata, tensors } = report;
  yield `${printable(path)}: ${format}, ${bytesText(bytes)}, ${tensors.length} tensors`;
  const entries = Array.from(metadata, ([key, value]) => [key, shortText(value)]);
  if (entries.length > 0) {
    yield '';
    yield* tableLines(entries);
  }
  if (tensors.length > 0) {
    yield '';
    const rows = tensors.map(({ name, type, shape, bytes: size }) => {
      return [name, type, shape.join(' x '), size];
    });
    yield* tableLines([['tensor', 'type', 'shape', 'bytes'], ...rows]);
  }
}

/** The format is detected by the first bytes; anything else than GGUF and npy is read as safetensors. */
async function describe(file: RangedReader): Promise<Report> {
  const start = await file.read(0, Math.min(6, file.size));
  const magic = String.fromCharCode(...start);
  if (magic.startsWith('GGUF')) return describeGguf(file);
  return magic === '\x93NUMPY' ? describeNpy(file) : describeSafetensors(file);
}

async function describeGguf(file: RangedReader): Promise<Report> {
  const { version, metadata, tensors } = await openGguf(file);
  return {
    format: `GGUF version ${version}`,
    bytes: file.size,
    metadata: Array.from(metadata, ([key, { value }]) => [key, value] as const),
    tensors: tensors.map(({ name, type, typeId, shape, byteOffset, byteLength }) => {
      return { name, type: type ?? `${typeId}`, shape, offset: byteOffset, bytes: byteLength };
    }),
  };
}

async function describeSafetensors(file: RangedReader): Promise<Report> {
  const { metadata, tensors } = await openSafetensors(file);
  return {
    format: 'safetensors',
    bytes: file.size,
    metadata: Object.entries(metadata),
    tensors: tensors.map(({ name, dtype, shape, byteOffset, byteLength }) => {
      return { name, type: dtype, shape, offset: byteOffset, bytes: byteLength };
    }),
  };
}

async function describeNpy(file: RangedReader): Promise<Report> {
  const { type, shape, fortranOrder, bigEndian, dataOffset, byteLength } = await openNpy(file);
  return {
    format: `npy, ${fortranOrder ? 'Fortran' : 'C'} order, ${bigEndian ? 'big' : 'little'}-endian`,
    bytes: file.size,
    metadata: [],
    tensors: [{ name: '', type, shape, offset: dataOffset, bytes: byteLength }],
  };
}

/** The elements of an array of GGUF metadata. */
function listOf(value: object): Listed {
  const { type, values } = value as GgufArray;
  return type === 'bool' ? { length: values.length, at: (i) => values[i] === 1 } : values;
}

function shortText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return cut(String(value));
  const list = listOf(value);
  const shown = Array.from({ length: Math.min(6, list.length) }, (_, i) => shortText(list.at(i)));
  return `[${clip(shown.join(', '))}${list.length > 6 ? ', ...' : ''}] (${list.length})`;
}

const clip = (shown: string) => (shown.length > 80 ? `${shown.slice(0, 77)}...` : shown);
