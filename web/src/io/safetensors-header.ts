import { hasLoneSurrogate } from '../core/text.js';
import { TextScanner } from './scanner.js';
import { corrupt, elementCount, quote } from './source.js';

const maxDimensions = 255;
// Far more than any file has, few enough that a hostile header of 100 MB stays cheap.
const maxTensors = 1_000_000;
const maxMetadata = 100_000;

/** Bits per element of every dtype of the format. */
export const safetensorsBits = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

export type SafetensorsType = keyof typeof safetensorsBits;

export interface SafetensorsInfo {
  readonly name: string;
  readonly dtype: SafetensorsType;
  readonly shape: readonly number[];
  /** Where the tensor's bytes start in the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

export interface SafetensorsHeader {
  /** In the order of their bytes in the file. */
  readonly tensors: readonly SafetensorsInfo[];
  /** The strings of `__metadata__`, without a prototype. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The size of a tensor in bytes, or undefined when a number cannot hold it or bits are left over. */
export function safetensorsByteLength(
  dtype: SafetensorsType,
  shape: readonly number[],
): number | undefined {
  const count = elementCount(shape);
  if (count === undefined) return undefined;
  const bits = count * safetensorsBits[dtype];
  return Number.isSafeInteger(bits) && bits % 8 === 0 ? bits / 8 : undefined;
}

/**
 * Parses the header's JSON, strictly: `JSON.parse` would drop duplicate keys, round large integers and take any
 * nesting. Checks that the tensors cover the `dataLength` bytes behind the header without gap or overlap.
 */
export function parseSafetensorsHeader(
  text: string,
  dataStart: number,
  dataLength: number,
): SafetensorsHeader {
  const parser = new HeaderParser(text);
  const metadata: Record<string, string> = Object.create(null);
  const tensors: SafetensorsInfo[] = [];
  const names = new Set<string>();
  let keys = 0;
  parser.object((name) => {
    if (names.has(name)) throw corrupt(`safetensors: the name ${quote(name)} stands twice`);
    names.add(name);
    if (names.size > maxTensors) throw corrupt(`safetensors: more than ${maxTensors} tensors`);
    if (name === '__metadata__') {
      parser.object((key) => {
        if (Object.hasOwn(metadata, key))
          throw corrupt(`safetensors: the metadata key ${quote(key)} stands twice`);
        if (++keys > maxMetadata)
          throw corrupt(`safetensors: more than ${maxMetadata} metadata keys`);
        metadata[key] = parser.string();
      });
    } else {
      tensors.push(tensorInfo(parser, name, dataStart, dataLength));
    }
  });
  parser.end();
  checkCoverage(tensors, dataStart, dataLength);
  return { tensors, metadata };
}

function tensorInfo(
  parser: HeaderParser,
  name: string,
  dataStart: number,
  dataLength: number,
): SafetensorsInfo {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  parser.object((field) => {
    if (field === 'dtype' && dtype === undefined) dtype = parser.string();
    else if (field === 'shape' && shape === undefined) shape = parser.integers();
    else if (field === 'data_offsets' && offsets === undefined) offsets = parser.integers();
    else
      throw corrupt(
        `safetensors: tensor ${quote(name)} has an unknown or repeated field ${quote(field)}`,
      );
  });
  if (dtype === undefined || shape === undefined || offsets === undefined) {
    throw corrupt(`safetensors: tensor ${quote(name)} lacks dtype, shape or data_offsets`);
  }
  if (!Object.hasOwn(safetensorsBits, dtype)) {
    throw corrupt(`safetensors: tensor ${quote(name)} has the unknown dtype ${quote(dtype)}`);
  }
  const [begin, end] = offsets;
  if (
    offsets.length !== 2 ||
    begin === undefined ||
    end === undefined ||
    begin > end ||
    end > dataLength
  ) {
    throw corrupt(
      `safetensors: tensor ${quote(name)} has data_offsets [${offsets.slice(0, 3)}], the file has ${dataLength} bytes of data`,
    );
  }
  const byteLength = safetensorsByteLength(dtype as SafetensorsType, shape);
  if (byteLength !== end - begin) {
    throw corrupt(
      `safetensors: tensor ${quote(name)} of ${dtype} with shape [${shape.slice(0, 8)}] cannot take ${end - begin} bytes`,
    );
  }
  return {
    name,
    dtype: dtype as SafetensorsType,
    shape,
    byteOffset: dataStart + begin,
    byteLength,
  };
}

/** Sorts by offset and refuses holes and overlaps, so that no byte of the file is unaccounted for. */
function checkCoverage(tensors: SafetensorsInfo[], dataStart: number, dataLength: number): void {
  tensors.sort((a, b) => a.byteOffset - b.byteOffset || a.byteLength - b.byteLength);
  let covered = dataStart;
  for (const { name, byteOffset, byteLength } of tensors) {
    if (byteOffset !== covered) {
      const what =
        byteOffset > covered ? 'leaves a hole before its' : 'overlaps the tensor before its';
      throw corrupt(`safetensors: tensor ${quote(name)} ${what} data at offset ${byteOffset}`);
    }
    covered += byteLength;
  }
  if (covered !== dataStart + dataLength) {
    throw corrupt(
      `safetensors: ${dataStart + dataLength - covered} bytes after the last tensor belong to none`,
    );
  }
}

/** The part of JSON that the header may use: objects, strings, arrays of non-negative integers. */
class HeaderParser extends TextScanner {
  constructor(text: string) {
    super('safetensors', text);
    if (text[0] !== '{') throw this.error("the header must begin with '{'");
  }

  /** Calls `entry` with each key; it must take the value. */
  object(entry: (key: string) => void): void {
    this.expect('{');
    if (this.accept('}')) return;
    do {
      const key = this.string();
      this.expect(':');
      entry(key);
    } while (this.accept(','));
    this.expect('}');
  }

  string(): string {
    this.expect('"');
    const start = this.at;
    let escaped = false;
    for (;;) {
      const code = this.text.charCodeAt(this.at++);
      if (code === 0x22) break;
      if (!(code >= 0x20)) throw this.error('a string is not closed');
      if (code !== 0x5c) continue;
      escaped = true;
      if (this.match(/["\\/bfnrt]|u[0-9A-Fa-f]{4}/y) === undefined)
        throw this.error('not an escape of JSON');
    }
    const token = this.text.slice(start, this.at - 1);
    if (!escaped) return token;
    const value: string = JSON.parse(`"${token}"`);
    if (hasLoneSurrogate(value)) throw this.error('half of a surrogate pair is no character');
    return value;
  }

  integers(): number[] {
    const values: number[] = [];
    this.expect('[');
    if (this.accept(']')) return values;
    do {
      this.space();
      const digits = this.match(/(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/y);
      const value = Number(digits);
      if (digits === undefined || !Number.isSafeInteger(value)) {
        throw this.error('expected an integer from 0 to 2^53 - 1');
      }
      if (values.length === maxDimensions)
        throw this.error(`more than ${maxDimensions} dimensions`);
      values.push(value);
    } while (this.accept(','));
    this.expect(']');
    return values;
  }
}
