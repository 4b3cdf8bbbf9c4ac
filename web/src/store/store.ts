// The public store: named bytes, saved completely or not at all.

import { callback, describe, invalid, options, peek } from '../core/arguments.js';
import { Opaque } from '../core/opaque.js';
import { checkSignal } from '../core/signal.js';
import type { VectorIndex } from '../vectors/vector-index.js';
import type { Backend } from './backend.js';
import type { Locks } from './locks.js';
import { checkName } from './names.js';
import { piecesOf, rechunk, type StoreSource } from './pieces.js';
import { Versions } from './versions.js';

/** Bytes of a save that are in memory at a time, and in one transaction. */
const CHUNK = 1 << 22;

const MAX_METADATA = 1 << 16;

/** Opens index files, with WebAssembly or without. */
export interface IndexOpener<Index> {
  /** Opens an index from the bytes of its file. */
  openIndex(file: Uint8Array<ArrayBuffer>): Index;
}

export interface SaveProgress {
  /** Bytes that have been written. */
  readonly bytesDone: number;
  /** The total number of bytes; undefined for an iterable, whose size is not known. */
  readonly bytes: number | undefined;
}

export interface SaveOptions {
  /** Strings that are stored with the bytes and returned by list(), such as the model of the embeddings. */
  metadata?: Readonly<Record<string, string>> | undefined;
  /** Called after each chunk of some megabytes. */
  onProgress?: ((progress: SaveProgress) => void) | undefined;
  /** On abort, save() throws its reason, and the previous version stays. */
  signal?: AbortSignal | undefined;
}

export interface StoreEntry {
  readonly name: string;
  readonly byteLength: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Named bytes in the storage of the browser. Needs no closing. */
export class Store extends Opaque {
  /** The name that it was opened with. */
  readonly name: string;
  readonly #versions: Versions;
  readonly #chunkBytes: number;

  /** @internal */
  constructor(name: string, backend: Backend, locks: Locks, chunkBytes = CHUNK) {
    super('Store', 'open it there by its name');
    this.name = name;
    this.#versions = new Versions(name, backend, locks);
    this.#chunkBytes = chunkBytes;
  }

  /** The storage that holds the bytes. */
  get backend(): 'opfs' | 'indexeddb' {
    return this.#versions.kind;
  }

  /**
   * Saves an index, bytes, a Blob or an iterable of Uint8Arrays under a name, in place of the previous
   * version: completely or, when it throws or is interrupted in any way, not at all. A few megabytes are in
   * memory at a time, and both versions are in storage until the end. An index must not be changed before
   * that.
   *
   * Saves under the same name run one after another, across all tabs and workers; the last one stays.
   *
   * @throws FewbitsError STORAGE_FULL when space runs out; INVALID_ARGUMENT, DISPOSED; the signal's reason
   *   when it is aborted
   */
  async save(name: string, source: StoreSource, saveOptions?: SaveOptions): Promise<void> {
    checkName('name', name);
    const o = options<SaveOptions>('options', saveOptions, ['metadata', 'onProgress', 'signal']);
    const metadata = checkMetadata(o.metadata ?? {});
    const onProgress = callback('onProgress', o.onProgress);
    const signal = checkSignal(o.signal);
    const { pieces, total } = piecesOf(source);
    let bytes: number | undefined;
    const chunks = rechunk(pieces, this.#chunkBytes, (piece) => {
      bytes = total(piece);
    });
    const progress = (bytesDone: number) => onProgress?.({ bytesDone, bytes });
    const written = { chunks, metadata, signal, total: () => bytes, progress };
    try {
      await this.#versions.alone(name, () => this.#versions.write(name, written), signal);
    } finally {
      await chunks.return();
    }
  }

  /**
   * Reads the bytes that were saved under a name.
   *
   * @throws FewbitsError INVALID_ARGUMENT when nothing has this name; CORRUPT_DATA when the storage returns
   *   other bytes than were saved; UNSUPPORTED when it fails to return any; OUT_OF_MEMORY
   */
  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    checkName('name', name);
    return this.#versions.reading(() => this.#versions.read(name));
  }

  /**
   * Opens the index that was saved under a name.
   *
   * @param fb the result of load() of `fewbits`, `fewbits/vectors` or `fewbits/search`, or the module
   *   `fewbits/reader`
   * @throws FewbitsError as read() does; CORRUPT_DATA when something other than an index was saved
   */
  async openIndex<Index = VectorIndex>(fb: IndexOpener<Index>, name: string): Promise<Index> {
    if (typeof peek(() => fb?.openIndex) !== 'function') {
      throw invalid(
        `openIndex takes what load() resolved to, or fewbits/reader, got ${describe(fb)}`,
      );
    }
    return fb.openIndex(await this.read(name));
  }

  /** The saved entries, sorted by name. */
  async list(): Promise<StoreEntry[]> {
    const newest = new Map<string, StoreEntry>();
    const versions = await this.#versions.reading(() => this.#versions.all());
    for (const { name, seal } of versions) {
      if (seal) newest.set(name, { name, byteLength: seal.byteLength, metadata: seal.metadata });
    }
    return [...newest.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Whether something is saved under a name. */
  async has(name: string): Promise<boolean> {
    checkName('name', name);
    const versions = await this.#versions.reading(() => this.#versions.all(name));
    return versions.some(({ seal }) => seal !== null);
  }

  /**
   * The number of bytes that are saved under a name.
   *
   * @throws FewbitsError INVALID_ARGUMENT when nothing has this name
   */
  async size(name: string): Promise<number> {
    checkName('name', name);
    const [newest] = await this.#versions.reading(() => this.#versions.sealed(name));
    return newest.seal?.byteLength ?? 0;
  }

  /** Removes what is saved under a name; false when there is nothing. */
  async delete(name: string): Promise<boolean> {
    checkName('name', name);
    return this.#versions.alone(name, () => this.#versions.delete(name));
  }

  /** @internal Removes the remains of interrupted saves, but not of saves that are still running. */
  tidy(): Promise<void> {
    return this.#versions.tidyAll();
  }
}

function checkMetadata(metadata: unknown): Readonly<Record<string, string>> {
  const entries = peek(() => Object.entries(metadata as object));
  if (typeof metadata !== 'object' || entries === undefined || Array.isArray(metadata)) {
    throw invalid(`metadata must be an object of strings, got ${describe(metadata)}`);
  }
  for (const [key, value] of entries) {
    if (typeof value !== 'string') {
      throw invalid(`metadata ${describe(key)} must be a string, got ${describe(value)}`);
    }
  }
  const copy = Object.fromEntries(entries);
  const { length } = JSON.stringify(copy);
  if (length > MAX_METADATA) {
    throw invalid(`metadata take ${length} characters as JSON, of ${MAX_METADATA} accepted`);
  }
  return copy;
}
