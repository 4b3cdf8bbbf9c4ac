// `fewbits inspect`: what a file holds, from its header.

import { parseArgs } from 'node:util';
import {
  type GgufArray,
  type GgufValue,
  openGguf,
  openNpy,
  openSafetensors,
  type RangedReader,
} from 'fewbits/io';
import { withFile } from './files.js';
import { bytesText, paths, table } from './text.js';

export const inspectHelp = `fewbits inspect <file.gguf | file.safetensors | file.npy> [--json]

Prints what a file holds: its metadata, and name, type, shape and size of each tensor. Only the header
is read, however large the file is.

  --json               the same as one JSON object; 64-bit integers as strings`;

interface Report {
  format: string;
  bytes: number;
  metadata: Record<string, unknown>;
  tensors: {
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
  if (values.json) {
    console.log(
      JSON.stringify(report, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
    );
    return;
  }
  const { format, bytes, metadata, tensors } = report;
  console.log(`${path}: ${format}, ${bytesText(bytes)}, ${tensors.length} tensors`);
  const entries = Object.entries(metadata);
  if (entries.length > 0) {
    console.log(`\n${table(entries.map(([key, value]) => [key, shortText(value)]))}`);
  }
  if (tensors.length > 0) {
    const rows = tensors.map(({ name, type, shape, bytes: size }) => {
      return [name, type, shape.join(' x '), size];
    });
    console.log(`\n${table([['tensor', 'type', 'shape', 'bytes'], ...rows])}`);
  }
}

/** The format is told by the first bytes; what is neither GGUF nor npy must be safetensors. */
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
    metadata: Object.fromEntries([...metadata].map(([key, { value }]) => [key, plain(value)])),
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
    metadata: { ...metadata },
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
    metadata: {},
    tensors: [{ name: '', type, shape, offset: dataOffset, bytes: byteLength }],
  };
}

/** A metadata value as plain arrays. */
function plain(value: GgufValue | GgufArray): unknown {
  if (typeof value !== 'object') return value;
  const { type, values } = value;
  return type === 'array'
    ? (values as GgufArray[]).map(plain)
    : Array.from(values as ArrayLike<unknown>);
}

function shortText(value: unknown): string {
  if (!Array.isArray(value)) return clip(String(value));
  const shown = value.slice(0, 6).map(shortText).join(', ');
  return `[${clip(shown)}${value.length > 6 ? ', ...' : ''}] (${value.length})`;
}

const clip = (text: string) => (text.length > 80 ? `${text.slice(0, 77)}...` : text);
