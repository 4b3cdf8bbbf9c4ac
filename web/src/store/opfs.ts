// The store in OPFS, the file system that browsers keep for a site: one file per version.

import { crc32 } from '../core/crc32.js';
import type { Backend, Seal, Version, Writer } from './backend.js';
import { decodeName, encodeName } from './names.js';

// A version is one file, `<name>.<number>`: the bytes, the seal as JSON, and a footer of 16 bytes (length and
// CRC-32 of the JSON, magic). An incomplete file has no such footer.

const FOOTER = 16;
const MAGIC = 'fewbits\n';
/** Bytes read from the end of a file, which hold the seal unless its metadata are long. */
const TAIL = 1 << 12;
const READ_STEP = 1 << 22;

/** The suffix of a file that Chromium leaves when a stream was never closed. */
const SWAP = '.crswap';

/** Whether pages can write: Safari before 26 can write in workers only, by access handles. */
export const hasStreams = (): boolean =>
  typeof FileSystemFileHandle !== 'undefined' && 'createWritable' in FileSystemFileHandle.prototype;

/** Whether there are access handles: in dedicated workers only, and several times as fast as streams. */
const hasAccessHandles = (): boolean =>
  typeof FileSystemFileHandle !== 'undefined' &&
  'createSyncAccessHandle' in FileSystemFileHandle.prototype;

export const canWriteOpfs = (): boolean => hasStreams() || hasAccessHandles();

/**
 * Opens the backend. Throws the browser's error when it refuses access to its file system. Other errors
 * appear later: a temporary error must not make a caller look for its bytes in another backend.
 */
export async function openOpfs(store: string): Promise<Backend> {
  await navigator.storage.getDirectory();
  // Opened again each time, as the user may clear the site's data in between.
  const open = async () => {
    const root = await navigator.storage.getDirectory();
    const all = await root.getDirectoryHandle('fewbits', { create: true });
    return all.getDirectoryHandle(encodeName(store), { create: true });
  };
  const fileOf = ({ name, number }: Pick<Version, 'name' | 'number'>) =>
    `${encodeName(name)}.${number}`;

  return {
    kind: 'opfs',

    async versions(name) {
      const handles: FileSystemFileHandle[] = [];
      for await (const handle of (await open()).values()) {
        if (handle.kind === 'file') handles.push(handle as FileSystemFileHandle);
      }
      const found = new Map<string, Version>();
      const look = async (handle: FileSystemFileHandle) => {
        const parsed = /^([a-z0-9_=-]+)\.(\d+)(\.crswap)?$/.exec(handle.name);
        if (!parsed) return;
        const version = { name: decodeName(parsed[1]), number: Number(parsed[2]) };
        if (name !== undefined && version.name !== name) return;
        const seal = parsed[3] ? null : await readSeal(handle, version.number);
        const file = fileOf(version);
        found.set(file, { ...version, seal: seal ?? found.get(file)?.seal ?? null });
      };
      // In parallel, as each takes several turns of the event loop.
      await Promise.all(handles.map(look));
      return [...found.values()];
    },

    async create(name, number) {
      const folder = await open();
      const handle = await folder.getFileHandle(fileOf({ name, number }), { create: true });
      return hasAccessHandles() ? accessWriter(handle, number) : streamWriter(handle, number);
    },

    async read(version, each) {
      const file = await (await (await open()).getFileHandle(fileOf(version))).getFile();
      const length = version.seal?.byteLength ?? 0;
      for (let start = 0; start < length; start += READ_STEP) {
        const slice = file.slice(start, Math.min(start + READ_STEP, length));
        each(new Uint8Array(await slice.arrayBuffer()));
      }
    },

    async remove(version) {
      const folder = await open();
      const file = fileOf(version);
      await removeEntry(folder, file + SWAP);
      await removeEntry(folder, file);
    },
  };
}

const isMissing = (error: unknown) => (error as Error | null)?.name === 'NotFoundError';

async function removeEntry(folder: FileSystemDirectoryHandle, file: string): Promise<void> {
  try {
    await folder.removeEntry(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/**
 * The footer of a file. Seals include their version number, as the saved bytes may themselves be such a file.
 */
function tailOf(seal: Seal, number: number): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify({ ...seal, number }));
  const tail = new Uint8Array(json.length + FOOTER);
  const view = new DataView(tail.buffer, json.length);
  tail.set(json);
  view.setUint32(0, json.length, true);
  view.setUint32(4, crc32(0, json), true);
  tail.set(new TextEncoder().encode(MAGIC), json.length + 8);
  return tail;
}

/** Reads the seal; null for a file that is being written or was removed. Other errors are thrown. */
async function readSeal(handle: FileSystemFileHandle, number: number): Promise<Seal | null> {
  let file: File | undefined;
  try {
    file = await handle.getFile();
    return await readTail(file, number);
  } catch (error) {
    if (isMissing(error) || (file && (await isChanged(handle, file)))) return null;
    throw error;
  }
}

/**
 * Whether a file was changed since getFile(), which makes Chromium fail to read it. Sealed files never
 * change.
 */
async function isChanged(handle: FileSystemFileHandle, file: File): Promise<boolean> {
  try {
    const now = await handle.getFile();
    return now.size !== file.size || now.lastModified !== file.lastModified;
  } catch (error) {
    return isMissing(error);
  }
}

async function readTail(file: File, number: number): Promise<Seal | null> {
  const end = async (length: number) =>
    new Uint8Array(await file.slice(Math.max(0, file.size - length)).arrayBuffer());
  let tail = await end(TAIL);
  if (tail.length < FOOTER) return null;
  const footer = new DataView(tail.buffer, tail.length - FOOTER);
  if (new TextDecoder().decode(tail.subarray(-8)) !== MAGIC) return null;
  const length = footer.getUint32(0, true);
  const checksum = footer.getUint32(4, true);
  if (length + FOOTER > file.size) return null;
  if (length + FOOTER > tail.length) tail = await end(length + FOOTER);
  const json = tail.subarray(tail.length - FOOTER - length, tail.length - FOOTER);
  if (crc32(0, json) !== checksum) return null;
  const seal: Seal & { number: number } = JSON.parse(new TextDecoder().decode(json));
  if (seal.byteLength + length + FOOTER !== file.size || seal.number !== number) return null;
  return { byteLength: seal.byteLength, checksum: seal.checksum, metadata: seal.metadata };
}

/** Creates a writer whose bytes appear in the file when the stream is closed, all at once. */
async function streamWriter(handle: FileSystemFileHandle, number: number): Promise<Writer> {
  const stream = await handle.createWritable();
  let wanted = 0;
  const attempt = async (act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      await stream.abort().catch(() => {});
      throw (await roomError(handle, wanted)) ?? error;
    }
  };
  const write = (bytes: Uint8Array<ArrayBuffer>) => {
    wanted += bytes.length;
    // Not as a Blob: Chromium keeps Blobs until a garbage collection, which a save does not trigger, and
    // fails after some hundred megabytes.
    return attempt(() => stream.write(bytes));
  };
  return {
    write,
    async seal(seal) {
      await write(tailOf(seal, number));
      await attempt(() => stream.close());
      const { size } = await handle.getFile();
      if (size !== wanted) throw cutShort(wanted, size);
    },
    abort: () => stream.abort(),
  };
}

/**
 * The reason why writing failed: when space runs out Chromium often reports only a broken pipe, but
 * truncate() to the size reports the quota.
 */
async function roomError(handle: FileSystemFileHandle, size: number): Promise<unknown> {
  try {
    const probe = await handle.createWritable();
    try {
      await probe.truncate(size);
    } finally {
      await probe.abort();
    }
  } catch (error) {
    if ((error as Error | null)?.name === 'QuotaExceededError') return error;
  }
  return undefined;
}

const cutShort = (wanted: number, found: number) =>
  new DOMException(`of ${wanted} bytes ${found} were written`, 'QuotaExceededError');

function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** The access handle, which TypeScript declares only for workers. */
interface AccessHandle {
  write(bytes: BufferSource, options: { at: number }): number;
  getSize(): number;
  flush(): void;
  close(): void;
}

async function accessWriter(handle: FileSystemFileHandle, number: number): Promise<Writer> {
  const access = await (
    handle as FileSystemFileHandle & { createSyncAccessHandle(): Promise<AccessHandle> }
  ).createSyncAccessHandle();
  let at = 0;
  const write = (bytes: Uint8Array<ArrayBuffer>) => {
    const written = access.write(bytes, { at });
    // A full disk causes no exception: the result is smaller, or in Chromium 2^32 minus an error number.
    if (written !== bytes.length)
      throw cutShort(bytes.length, written < bytes.length ? written : 0);
    at += written;
  };
  return {
    async write(bytes) {
      write(bytes);
      // Writing was synchronous: this lets other tasks of the worker run, such as an abort.
      await turn();
    },
    async seal(seal) {
      write(tailOf(seal, number));
      // On the disk before anything older is removed.
      access.flush();
      const size = access.getSize();
      access.close();
      if (size !== at) throw cutShort(at, size);
    },
    abort: async () => access.close(),
  };
}
