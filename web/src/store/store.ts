import { describe, invalid, options } from '../core/arguments.js';
import { FewbitsError } from '../core/errors.js';
import type { Fewbits } from '../load/fewbits.js';
import type { VectorIndex } from '../vectors/vector-index.js';
import type { Backend, Seal, Version } from './backend.js';
import { crc32 } from './crc32.js';
import type { Locks } from './locks.js';
import { checkName } from './names.js';
import { piecesOf, rechunk, type StoreSource } from './pieces.js';

// How a save is atomic: a new version is written beside those that are there and sealed at its end;
// only then are the others removed. Readers take the sealed version of the highest number. A lock
// for each name keeps savers apart, another one keeps removals apart from readers, so nobody waits
// for a save but the next save. Locks end with their tab or worker, and what it left unsealed is
// removed by whoever opens the store, or saves under that name, next.

/** Bytes of a save that are in memory, and in one transaction. */
const CHUNK = 1 << 22;

/** Without locks that hold everywhere, a version without a seal may be another tab's, until then. */
const ABANDONED = 24 * 3600 * 1000;

const MAX_METADATA = 1 << 16;

/** How often a version is read before another one is taken instead, and milliseconds between. */
const ATTEMPTS = 3;
const PATIENCE = 50;

export interface SaveProgress {
  /** Bytes that have been written. */
  readonly bytesDone: number;
  /** Bytes that there will be; undefined for an iterable, which does not tell. */
  readonly bytes: number | undefined;
}

export interface SaveOptions {
  /** Texts that are kept with the bytes and that list() gives, such as the model of the embeddings. */
  metadata?: Readonly<Record<string, string>>;
  /** Called after each chunk of some megabytes. */
  onProgress?: (progress: SaveProgress) => void;
  /** When it is aborted, save() throws its reason and what was saved before stays. */
  signal?: AbortSignal;
}

export interface StoreEntry {
  readonly name: string;
  readonly byteLength: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Named bytes in the storage of the browser. Needs no closing. */
export class Store {
  /** The name that it was opened by. */
  readonly name: string;
  readonly #backend: Backend;
  readonly #locks: Locks;
  readonly #chunkBytes: number;

  /** @internal */
  constructor(name: string, backend: Backend, locks: Locks, chunkBytes = CHUNK) {
    this.name = name;
    this.#backend = backend;
    this.#locks = locks;
    this.#chunkBytes = chunkBytes;
  }

  /** Where the bytes are. */
  get backend(): 'opfs' | 'indexeddb' {
    return this.#backend.kind;
  }

  /**
   * Saves an index, bytes, a Blob or an iterable of Uint8Arrays under a name, in place of what was
   * saved there before: wholly or, when it throws or is ended in whatever way, not at all. Some
   * megabytes are in memory at a time, and both versions in storage until the end. An index must not
   * be changed before that.
   *
   * Saves under the same name follow one another, in all tabs and workers; the last one stays.
   *
   * @throws FewbitsError OUT_OF_MEMORY when the browser grants no more room; INVALID_ARGUMENT,
   * DISPOSED; the signal's reason when it is aborted
   */
  async save(name: string, source: StoreSource, saveOptions?: SaveOptions): Promise<void> {
    checkName('name', name);
    const o = options<SaveOptions>('options', saveOptions, ['metadata', 'onProgress', 'signal']);
    const metadata = checkMetadata(o.metadata ?? {});
    const { onProgress, signal } = o;
    signal?.throwIfAborted();
    const { pieces, total } = piecesOf(source);
    let bytes: number | undefined;
    const chunks = rechunk(pieces, this.#chunkBytes, (piece) => {
      bytes = total(piece);
    });
    try {
      await this.#locks.run(
        this.#lockOf(name),
        'exclusive',
        async () => {
          // What is wrong with the source shows here, before anything is touched.
          let chunk = await chunks.next();
          signal?.throwIfAborted();
          await this.#tidy(name);
          const others = await this.#do('read', () => this.#backend.versions(name));
          const number = nextNumber(others);
          const writer = await this.#do('write', () => this.#backend.create(name, number));
          try {
            let byteLength = 0;
            let checksum = 0;
            while (!chunk.done) {
              const { value } = chunk;
              checksum = crc32(checksum, value);
              await this.#do('write', () => writer.write(value));
              byteLength += value.length;
              onProgress?.({ bytesDone: byteLength, bytes });
              chunk = await chunks.next();
              signal?.throwIfAborted();
            }
            const seal: Seal = { byteLength, checksum, metadata };
            await this.#do('write', () => writer.seal(seal));
          } catch (error) {
            await writer.abort().catch(() => {});
            await this.#backend.remove({ name, number, seal: null }).catch(() => {});
            throw error;
          }
          // The save is done: what cannot be removed now is a left-over.
          await this.#remove(others.filter(this.#isOver)).catch(() => {});
        },
        signal,
      );
    } finally {
      await chunks.return();
    }
  }

  /**
   * The bytes that were saved under a name.
   *
   * @throws FewbitsError INVALID_ARGUMENT when there is none of that name; CORRUPT_DATA when the
   * storage gives back something else than it was given; UNSUPPORTED when it gives nothing back;
   * OUT_OF_MEMORY
   */
  async read(name: string): Promise<Uint8Array<ArrayBuffer>> {
    checkName('name', name);
    return this.#locks.run(this.#files, 'shared', async () => {
      const failures = new Map<number, number>();
      let torn = false;
      let cause: unknown;
      for (;;) {
        // Anew each time: where no lock keeps another tab from removing a version while it is read,
        // there is a newer one.
        const sealed = await this.#sealed(name);
        if (sealed.length === 0) throw await this.#missing(name);
        const failed = ({ number }: Version) => failures.get(number) ?? 0;
        const version = sealed.find((one) => failed(one) < ATTEMPTS);
        if (!version) break;
        const bytes = roomFor(version);
        try {
          const whole = await this.#isWhole(version, (piece, offset) => {
            if (offset + piece.length <= bytes.length) bytes.set(piece, offset);
          });
          if (whole) return bytes;
          torn = true;
          failures.set(version.number, ATTEMPTS);
        } catch (error) {
          cause = error;
          failures.set(version.number, failed(version) + 1);
          await new Promise((resolve) => setTimeout(resolve, PATIENCE));
        }
      }
      if (!torn) return this.#do('read', () => Promise.reject(cause));
      throw new FewbitsError('CORRUPT_DATA', `'${name}' is damaged in ${this.#backend.kind}`);
    });
  }

  /**
   * The index that was saved under a name.
   *
   * @param fb what load() resolved to
   * @throws FewbitsError as of read(); CORRUPT_DATA when something else was saved there
   */
  async openIndex(fb: Pick<Fewbits, 'openIndex'>, name: string): Promise<VectorIndex> {
    if (typeof fb?.openIndex !== 'function') {
      throw invalid(`openIndex takes what load() resolved to, got ${describe(fb)}`);
    }
    return fb.openIndex(await this.read(name));
  }

  /** What there is, by name. */
  async list(): Promise<StoreEntry[]> {
    const newest = new Map<string, StoreEntry>();
    const versions = await this.#locks.run(this.#files, 'shared', () =>
      this.#do('read', () => this.#backend.versions()),
    );
    for (const { name, seal } of versions.sort(byNumber)) {
      if (seal) newest.set(name, { name, byteLength: seal.byteLength, metadata: seal.metadata });
    }
    return [...newest.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Whether something is saved under a name. */
  async has(name: string): Promise<boolean> {
    checkName('name', name);
    return this.#locks.run(
      this.#files,
      'shared',
      async () => (await this.#sealed(name)).length > 0,
    );
  }

  /**
   * How many bytes are saved under a name.
   *
   * @throws FewbitsError INVALID_ARGUMENT when there is none of that name
   */
  async size(name: string): Promise<number> {
    checkName('name', name);
    return this.#locks.run(this.#files, 'shared', async () => {
      const [newest] = await this.#sealed(name);
      if (!newest) throw await this.#missing(name);
      return newest.seal?.byteLength ?? 0;
    });
  }

  /** Removes what is saved under a name; false when there is nothing. */
  async delete(name: string): Promise<boolean> {
    checkName('name', name);
    return this.#locks.run(this.#lockOf(name), 'exclusive', async () => {
      const versions = await this.#do('read', () => this.#backend.versions(name));
      await this.#do('write', () => this.#remove(versions.filter(this.#isOver)));
      return versions.some(({ seal }) => seal !== null);
    });
  }

  /** @internal Removes what saves that were ended have left, but for those that another is at. */
  async tidy(): Promise<void> {
    const versions = await this.#do('read', () => this.#backend.versions());
    for (const name of new Set(versions.map(({ name }) => name))) {
      const own = versions.filter((version) => version.name === name);
      if (own.length === 1 && own[0].seal) continue;
      await this.#locks.attempt(this.#lockOf(name), () => this.#tidy(name));
    }
  }

  /** With the lock of the name held. What cannot be removed now is left for the next time. */
  async #tidy(name: string): Promise<void> {
    try {
      const versions = await this.#backend.versions(name);
      const left = versions.filter((version) => !version.seal && this.#isOver(version));
      const sealed = versions.filter(({ seal }) => seal).sort(byNumber);
      if (sealed.length > 1) {
        // A save was ended between its seal and the removal of the old version. A seal that came to
        // the disk without the bytes before it, as when the power fails, gives the old one its place
        // back. What cannot be read at all may be readable later: then all of them stay.
        const whole = await this.#lastWhole(sealed).catch(() => undefined);
        if (whole) left.push(...sealed.filter((version) => version !== whole));
      }
      await this.#remove(left);
    } catch {
      // The save that follows will say what is wrong.
    }
  }

  async #lastWhole(sealed: readonly Version[]): Promise<Version | undefined> {
    for (const version of [...sealed].reverse()) {
      if (await this.#isWhole(version)) return version;
    }
    return undefined;
  }

  /** Reads a sealed version: whether the bytes are those that were written. */
  async #isWhole(
    version: Version,
    each?: (piece: Uint8Array, offset: number) => void,
  ): Promise<boolean> {
    let length = 0;
    let checksum = 0;
    await this.#backend.read(version, (piece) => {
      each?.(piece, length);
      length += piece.length;
      checksum = crc32(checksum, piece);
    });
    return length === version.seal?.byteLength && checksum === version.seal.checksum;
  }

  /** Whether nobody can be at writing this version any more, for one who has the lock of its name. */
  #isOver = ({ seal, number }: Version): boolean =>
    seal !== null || this.#locks.everywhere || Date.now() - timeOf(number) > ABANDONED;

  /**
   * Removes versions of a name while nobody reads: the newest sealed one last, so that it counts
   * until nothing else is there. What a worker that is just being ended still holds is left.
   */
  async #remove(versions: readonly Version[]): Promise<void> {
    if (versions.length === 0) return;
    const order = (a: Version, b: Version) =>
      Number(a.seal !== null) - Number(b.seal !== null) || byNumber(a, b);
    await this.#locks.run(this.#files, 'exclusive', async () => {
      for (const version of [...versions].sort(order)) {
        const removed = this.#backend.remove(version);
        await (version.seal ? removed : removed.catch(() => {}));
      }
    });
  }

  /** The sealed versions of a name, newest first. */
  async #sealed(name: string): Promise<Version[]> {
    const versions = await this.#do('read', () => this.#backend.versions(name));
    return versions
      .filter(({ seal }) => seal)
      .sort(byNumber)
      .reverse();
  }

  async #missing(name: string): Promise<FewbitsError> {
    const versions = await this.#do('read', () => this.#backend.versions());
    const names = new Set(versions.filter(({ seal }) => seal).map((version) => version.name));
    const some = [...names].slice(0, 8).map((one) => `'${one}'`);
    return invalid(
      `nothing is saved as '${name}' in the store '${this.name}'; it has ${some.join(', ') || 'nothing'}`,
    );
  }

  #lockOf(name: string): string {
    return `fewbits/store/${this.#backend.kind}/${this.name}/save/${name}`;
  }

  get #files(): string {
    return `fewbits/store/${this.#backend.kind}/${this.name}/files`;
  }

  /** Says what the browser's errors mean. */
  async #do<T>(what: 'read' | 'write', act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (cause) {
      if (cause instanceof FewbitsError) throw cause;
      const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
      const where = `the store '${this.name}' in ${this.#backend.kind}`;
      if (name === 'QuotaExceededError') {
        throw new FewbitsError('OUT_OF_MEMORY', `no room left for ${where}: ${message}`, { cause });
      }
      throw new FewbitsError('UNSUPPORTED', `could not ${what} ${where}: ${name}, ${message}`, {
        cause,
      });
    }
  }
}

const byNumber = (a: Version, b: Version) => a.number - b.number;

function roomFor({ seal }: Version): Uint8Array<ArrayBuffer> {
  const byteLength = seal?.byteLength ?? 0;
  try {
    return new Uint8Array(byteLength);
  } catch (cause) {
    throw new FewbitsError('OUT_OF_MEMORY', `no room for the ${byteLength} bytes`, { cause });
  }
}

/** Rises within a name, and tells when its save began. */
function nextNumber(versions: readonly Version[]): number {
  const newest = Math.max(Date.now() * 1000, ...versions.map(({ number }) => number + 1));
  // Without locks another tab may ask at the same time, of the same versions.
  return newest + Math.floor(Math.random() * 1000);
}

const timeOf = (number: number) => number / 1000;

function checkMetadata(metadata: unknown): Readonly<Record<string, string>> {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw invalid(`metadata must be an object of strings, got ${describe(metadata)}`);
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      throw invalid(`metadata '${key}' must be a string, got ${describe(value)}`);
    }
  }
  const copy = { ...metadata };
  const { length } = JSON.stringify(copy);
  if (length > MAX_METADATA) {
    throw invalid(`metadata take ${length} characters as JSON, of ${MAX_METADATA} accepted`);
  }
  return copy;
}
