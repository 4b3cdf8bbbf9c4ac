// The kind of a file by its first bytes, when it is not of the expected kind, and what to do about it.

import { describe } from '../core/describe.js';
import type { FewbitsError } from '../core/errors.js';
import { corrupt } from './checks.js';
import type { Parse } from './parse.js';

/** The number of bytes to inspect. */
const LOOKED_AT = 512;

interface Kind {
  /** A description with its article. */
  readonly what: string;
  /** The name of the format in the readers here. */
  readonly format?: string;
  readonly remedy?: string;
}

/** The first bytes of files, as Latin-1. */
const magics: readonly (readonly [string, Kind])[] = [
  [
    'GGUF',
    { what: 'a GGUF file', format: 'gguf', remedy: 'readGguf, openGguf and openModel read it' },
  ],
  ['\x93NUMPY', { what: 'an npy file', format: 'npy', remedy: 'readNpy and openNpy read it' }],
  ['tjgg', oldGgml('ggjt')],
  ['lmgg', oldGgml('ggml')],
  ['fmgg', oldGgml('ggmf')],
  ['algg', oldGgml('ggla')],
  ['GGML', oldGgml('GGML')],
  ['\x1f\x8b', packed('gzip')],
  ['\x28\xb5\x2f\xfd', packed('zstd')],
  ['\xfd7zXZ\0', packed('xz')],
  ['BZh', packed('bzip2')],
  ['\x04\x22\x4d\x18', packed('lz4')],
  ['7z\xbc\xaf\x27\x1c', { what: 'a 7z archive', remedy: 'unpack it first' }],
  ['Rar!', { what: 'a RAR archive', remedy: 'unpack it first' }],
  ['\x89HDF\r\n\x1a\n', { what: 'an HDF5 file, as Keras saves (.h5)', remedy: toSafetensors() }],
  ['PAR1', { what: 'a Parquet file', remedy: 'save its columns as npy: numpy.save' }],
  ['ARROW1', { what: 'an Arrow file', remedy: 'save its columns as npy: numpy.save' }],
  ['SQLite format 3\0', { what: 'an SQLite database' }],
  ['%PDF', { what: 'a PDF' }],
  ['\x89PNG', { what: 'a PNG image' }],
  ['\x7fELF', { what: 'a program (ELF); a llamafile holds a GGUF file, which unzip takes out' }],
  ['MZ', { what: 'a program; a llamafile holds a GGUF file, which unzip takes out' }],
  ['\0asm', { what: 'a WebAssembly module' }],
];

function oldGgml(format: string): Kind {
  return {
    what: `a model in ${format}, a format that llama.cpp had before GGUF`,
    remedy: 'download the model as GGUF, or convert it from its original weights',
  };
}

function packed(by: string): Kind {
  return { what: `a file compressed with ${by}`, remedy: 'unpack it first' };
}

function toSafetensors(): string {
  return "save its weights as safetensors: safetensors.torch.save_file(tensors, 'model.safetensors')";
}

/**
 * Describes a file by its first bytes, with a remedy; undefined for unknown files. Text files are quoted.
 * Safetensors has no magic, and is recognized by its length and the brace after it.
 */
export function nameOf(start: Uint8Array, size: number): string | undefined {
  const kind = kindOf(start, size);
  return kind && told(kind);
}

const told = ({ what, remedy }: Kind) => (remedy === undefined ? what : `${what}: ${remedy}`);

function kindOf(start: Uint8Array, size: number): Kind | undefined {
  if (size === 0) {
    return {
      what: 'an empty file',
      remedy: 'it was not written or downloaded, or its memory was transferred',
    };
  }
  const latin1 = String.fromCharCode(...start.subarray(0, LOOKED_AT));
  const known = magics.find(([magic]) => latin1.startsWith(magic))?.[1];
  return safetensors(latin1, size) ?? known ?? archive(latin1) ?? text(start, size) ?? blank(start);
}

function archive(latin1: string): Kind | undefined {
  if (isZip(latin1)) {
    const name = latin1.slice(30, 30 + latin1.charCodeAt(26) + 256 * latin1.charCodeAt(27));
    if (name.endsWith('.npy')) {
      return {
        what: 'an npz file (a zip archive of arrays)',
        format: 'npz',
        remedy: 'readNpz and openNpz read it',
      };
    }
    if (/(^|\/)(data\.pkl|byteorder|version)$/.test(name)) {
      return {
        what: 'a PyTorch checkpoint (a zip archive with a pickle)',
        remedy: toSafetensors(),
      };
    }
    return {
      what: 'a zip archive, such as npz files and PyTorch checkpoints are',
      remedy: `readNpz and openNpz read npz; of a checkpoint, ${toSafetensors()}`,
    };
  }
  const [first = 0, second = 0, third = 0] = [0, 1, 2].map((i) => latin1.charCodeAt(i));
  if (first === 0x80 && second >= 2 && second <= 5 && third > 0) {
    return { what: 'a Python pickle, as old PyTorch checkpoints are', remedy: toSafetensors() };
  }
  if (latin1.slice(257, 262) === 'ustar')
    return { what: 'a tar archive', remedy: 'unpack it first' };
  // Protocol buffers: field 1 is the version of the format, field 2 the name of the producer, field 7 the
  // graph.
  if (first === 8 && second >= 1 && second <= 20 && (third === 0x12 || third === 0x3a)) {
    return { what: 'an ONNX model', remedy: 'take the weights as safetensors or GGUF' };
  }
  if (latin1.slice(4, 8) === 'TFL3') return { what: 'a TensorFlow Lite model' };
  if (latin1.slice(4, 8) === 'ORTM') return { what: 'an ONNX Runtime model' };
  return undefined;
}

/** Whether a file starts like a zip archive, even one without members. */
export const isZip = (latin1: string): boolean =>
  latin1.startsWith('PK\x03\x04') || latin1.startsWith('PK\x05\x06');

/**
 * Recognizes safetensors, which has no magic: it begins with a length of 8 bytes and the brace of its JSON.
 */
function safetensors(latin1: string, size: number): Kind | undefined {
  const bytes = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => latin1.charCodeAt(i));
  const length = bytes.reduceRight((value, byte) => value * 256 + byte, 0);
  if (!(length < size) || !/^\{["}\s]/.test(latin1.slice(8, 10))) return undefined;
  return {
    what: 'a safetensors file',
    format: 'safetensors',
    remedy: 'readSafetensors, openSafetensors and openModel read it',
  };
}

function text(start: Uint8Array, size: number): Kind | undefined {
  if (start.some((byte) => byte < 9 || (byte > 13 && byte < 32))) return undefined;
  const words = new TextDecoder().decode(new Uint8Array(start)).trimStart();
  // The last character may be incomplete.
  const whole = size > start.length ? words.slice(0, -1) : words;
  if (whole.includes('\ufffd')) return undefined;
  if (/^version https:\/\/(git-lfs|hawser)\b/.test(words)) {
    const bytes = /^size (\d{1,16})$/m.exec(words)?.[1];
    return {
      what: `a Git LFS pointer${bytes ? ` to a file of ${bytes} bytes` : ''}, not the file itself`,
      remedy: 'fetch that with git lfs pull, or from the address under resolve/ instead of raw/',
    };
  }
  if (/^(<!--.*?-->\s*)?<(!doctype html|html|head|body)\b/is.test(words)) {
    return {
      what: 'an HTML page',
      remedy: 'the address gave a page instead of the file: look at it, or log in',
    };
  }
  if (/^<\?xml|^<Error>/.test(words)) {
    return {
      what: `an XML document, ${excerpt(words)}`,
      remedy: 'the address gave it instead of the file',
    };
  }
  if (/^[{[]/.test(words)) return json(words);
  return {
    what: `a text, ${excerpt(words)}`,
    remedy: 'it is not the file, but perhaps says why',
  };
}

function json(words: string): Kind {
  if (/"weight_map"|"total_size"/.test(words)) {
    return {
      what: 'the index of a model in several safetensors files (JSON)',
      remedy: 'open each of its shards, the files that its weight_map names',
    };
  }
  return {
    what: `JSON text, ${excerpt(words)}`,
    remedy: 'of a model in several files open each shard, not the index',
  };
}

function blank(start: Uint8Array): Kind | undefined {
  if (start.some((byte) => byte !== 0)) return undefined;
  return {
    what: 'a file that begins with nothing but zeros',
    remedy: 'its download or copy did not end: fetch it again',
  };
}

const excerpt = (words: string) => describe(words.replace(/\s+/g, ' '));

/**
 * The error for a file that a reader of `format` cannot read from the start: the kind of the file if it is
 * known, else `otherwise`.
 */
export function* refusal(format: string, size: number, otherwise: string): Parse<FewbitsError> {
  const start =
    size === 0 ? new Uint8Array(0) : yield { offset: 0, length: Math.min(size, LOOKED_AT) };
  const kind = kindOf(start, size);
  const known = kind !== undefined && kind.format !== format;
  return corrupt(known ? `${format}: this is ${told(kind)}` : otherwise);
}
