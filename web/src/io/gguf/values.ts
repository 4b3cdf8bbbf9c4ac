// Values of GGUF metadata, decoded from bytes whose structure has been checked.

import { unshared } from '../pieces.js';
import {
  GGUF_VALUE_TYPES,
  type GgufArray,
  type GgufValue,
  type GgufValueType,
  ggufNumbers,
  ggufValueSizes,
} from './format.js';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export class GgufValueReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  value(type: GgufValueType): GgufValue {
    if (type === 'string') return utf8.decode(unshared(this.take(this.length())));
    if (type === 'bool') return this.take(1)[0] === 1;
    if (type === 'array') return this.array();
    const at = this.at;
    this.at += ggufValueSizes[type];
    return this.view[ggufNumbers[type].get](at, true);
  }

  private array(): GgufArray {
    const type = GGUF_VALUE_TYPES[this.view.getUint32(this.at, true)] as GgufValueType;
    this.at += 4;
    const count = this.length();
    if (type === 'string' || type === 'array') {
      const values = Array.from({ length: count }, () => this.value(type));
      return { type, values } as GgufArray;
    }
    const bytes = new Uint8Array(this.take(count * ggufValueSizes[type])); // a copy, for alignment
    return { type, values: type === 'bool' ? bytes : new ggufNumbers[type].array(bytes.buffer) };
  }

  private length(): number {
    const length = Number(this.view.getBigUint64(this.at, true));
    this.at += 8;
    return length;
  }

  private take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}
