// Names that a store accepts, and their encoding in file names.

import { describe, invalid } from '../core/arguments.js';
import { hasLoneSurrogate } from '../core/text.js';

const MAX_FILE_NAME = 200;

/**
 * Encodes a name so that every file system accepts it, and different names stay different where case is
 * ignored: small letters, digits, _ and - are unchanged, other bytes of the UTF-8 become =xx.
 */
export function encodeName(name: string): string {
  let encoded = '';
  for (const byte of new TextEncoder().encode(name)) {
    const character = String.fromCharCode(byte);
    encoded += /[a-z0-9_-]/.test(character) ? character : `=${byte.toString(16).padStart(2, '0')}`;
  }
  return encoded;
}

export function decodeName(encoded: string): string {
  const bytes: number[] = [];
  for (const [part, hex] of encoded.matchAll(/=([0-9a-f]{2})|./g)) {
    bytes.push(hex === undefined ? part.charCodeAt(0) : Number.parseInt(hex, 16));
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

export function checkName(what: string, name: unknown): string {
  if (typeof name !== 'string' || name === '' || hasLoneSurrogate(name)) {
    throw invalid(`${what} must be a string that is not empty, got ${describe(name)}`);
  }
  const { length } = encodeName(name);
  if (length > MAX_FILE_NAME) {
    throw invalid(
      `${what} is too long: ${length} of ${MAX_FILE_NAME}, where small letters, digits, _ and - count 1 and every other byte of its UTF-8 3`,
    );
  }
  return name;
}
