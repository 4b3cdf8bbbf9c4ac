// How Node opens the address of a build, for its doors.

import { readFile } from 'node:fs/promises';

/** Files are read from disk; a string without a scheme is a path. */
export async function open(address: URL | string): Promise<Response | Uint8Array> {
  if (/^(https?|data|blob):/.test(String(address))) return fetch(address);
  return readFile(String(address).startsWith('file:') ? new URL(address) : address);
}
