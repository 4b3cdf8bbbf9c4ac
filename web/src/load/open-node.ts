// Opens the address of a build in Node.

import { readFile } from 'node:fs/promises';

/** Reads files from disk and fetches other addresses; a string without a scheme is a path. */
export async function open(address: URL | string): Promise<Response | Uint8Array> {
  if (/^(https?|data|blob):/.test(String(address))) return fetch(address);
  return readFile(String(address).startsWith('file:') ? new URL(address) : address);
}
