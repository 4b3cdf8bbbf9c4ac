// The versions of names in one storage: written side by side, sealed, read and removed.
//
// Saves are atomic as follows: a new version is written next to the existing ones and sealed at its end; only
// then are the others removed. Readers take the sealed version with the highest number. A lock per name keeps
// saves apart, and another one keeps removals apart from reads, so that only saves wait for a save. Locks end
// with their tab or worker, and unsealed remains are removed by the next one to open the store or to save
// under that name.

import { invalid } from '../core/arguments.js';
import { crc32 } from '../core/crc32.js';
import { FewbitsError } from '../core/errors.js';
import type { Backend, Seal, Version } from './backend.js';
import { storageError } from './errors.js';
import type { LockMode, Locks } from './locks.js';

/** Milliseconds after which an unsealed version counts as abandoned, where locks do not cover other tabs. */
const ABANDONED = 24 * 3600 * 1000;

/** How many times a version is read before the next older one is taken, and milliseconds in between. */
const ATTEMPTS = 3;
const PATIENCE = 50;

type Chunk = Uint8Array<ArrayBuffer>;

/** The content of a save: chunks, whose memory is reused once the next is requested. */
export interface Written {
  readonly chunks: AsyncGenerator<Chunk, void, void>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** The total number of bytes, if known; asked after the first chunk has arrived. */
  total(): number | undefined;
  /** Called after each chunk. */
  progress(bytesDone: number): void;
}

export class Versions {
  readonly #store: string;
  readonly #backend: Backend;
  readonly #locks: Locks;

  constructor(store: string, backend: Backend, locks: Locks) {
    this.#store = store;
    this.#backend = backend;
    this.#locks = locks;
  }

  get kind(): Backend['kind'] {
    return this.#backend.kind;
  }

  /** Runs `act` while nobody else saves under this name. */
  alone<T>(name: string, act: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#locks.run(this.#lockOf(name), 'exclusive', act, signal);
  }

  /** Runs `act` while nobody removes anything. */
  reading<T>(act: () => Promise<T>): Promise<T> {
    return this.#files('shared', act);
  }

  /** All versions, or those of a name, oldest first. */
  async all(name?: string): Promise<Version[]> {
    const versions = await this.#do('read', () => this.#backend.versions(name));
    return versions.sort(byNumber);
  }

  /** The sealed versions of a name, newest first. Throws when there are none. */
  async sealed(name: string): Promise<Version[]> {
    const sealed = (await this.all(name)).filter(({ seal }) => seal).reverse();
    if (sealed.length === 0) throw await this.#missing(name);
    return sealed;
  }

  /**
   * Writes a version that replaces the existing ones, completely or not at all. The caller holds the lock of
   * the name.
   */
  async write(name: string, written: Written): Promise<void> {
    // Errors of the source appear here, before anything is touched.
    const first = await written.chunks.next();
    written.signal?.throwIfAborted();
    await this.tidy(name);
    const others = await this.all(name);
    const version = { name, number: nextNumber(others), seal: null };
    const writer = await this.#do('write', () => this.#backend.create(name, version.number));
    let byteLength = 0;
    let checksum = 0;
    try {
      for (let chunk = first; !chunk.done; chunk = await written.chunks.next()) {
        const { value } = chunk;
        written.signal?.throwIfAborted();
        checksum = crc32(checksum, value);
        await this.#do('write', () => writer.write(value), written.total() ?? byteLength);
        byteLength += value.length;
        written.progress(byteLength);
      }
      written.signal?.throwIfAborted();
      const seal: Seal = { byteLength, checksum, metadata: written.metadata };
      await this.#do('write', () => writer.seal(seal), byteLength);
    } catch (error) {
      await writer.abort().catch(() => {});
      await this.#backend.remove(version).catch(() => {});
      throw error;
    }
    // The save is complete: versions that cannot be removed now are removed later.
    await this.#remove(others.filter(this.#isOver)).catch(() => {});
  }

  /** Reads the bytes of the newest readable version of a name. */
  async read(name: string): Promise<Chunk> {
    const failures = new Map<number, number>();
    const failed = ({ number }: Version) => failures.get(number) ?? 0;
    let torn = false;
    let cause: unknown;
    for (;;) {
      // Listed again each time: where no lock keeps another tab from removing a version during the read, there
      // is a newer one.
      const version = (await this.sealed(name)).find((one) => failed(one) < ATTEMPTS);
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
    throw new FewbitsError(
      'CORRUPT_DATA',
      `'${name}' is damaged in ${this.kind}: save it again, or delete it`,
    );
  }

  /** Removes all versions of a name that nobody is writing; returns whether there was a sealed one. */
  async delete(name: string): Promise<boolean> {
    const versions = await this.all(name);
    await this.#do('write', () => this.#remove(versions.filter(this.#isOver)));
    return versions.some(({ seal }) => seal !== null);
  }

  /** Removes the remains of interrupted saves, but not of saves that are still running. */
  async tidyAll(): Promise<void> {
    const versions = await this.all();
    for (const name of new Set(versions.map(({ name }) => name))) {
      const own = versions.filter((version) => version.name === name);
      if (own.length === 1 && own[0].seal) continue;
      await this.#locks.attempt(this.#lockOf(name), () => this.tidy(name));
    }
  }

  /**
   * Removes the remains under one name. The caller holds its lock; anything that cannot be removed now is
   * left for the next time.
   */
  async tidy(name: string): Promise<void> {
    try {
      const versions = await this.#backend.versions(name);
      const left = versions.filter((version) => !version.seal && this.#isOver(version));
      const sealed = versions.filter(({ seal }) => seal).sort(byNumber);
      if (sealed.length > 1) {
        // A save was interrupted between its seal and the removal of the old version. If the seal reached the
        // disk without the bytes before it, as in a power failure, the old version counts again. Versions
        // that cannot be read at all may be readable later: then all of them stay.
        const whole = await this.#lastWhole(sealed).catch(() => undefined);
        if (whole) left.push(...sealed.filter((version) => version !== whole));
      }
      await this.#remove(left);
    } catch {
      // The save that follows reports the error.
    }
  }

  async #lastWhole(sealed: readonly Version[]): Promise<Version | undefined> {
    for (const version of [...sealed].reverse()) {
      if (await this.#isWhole(version)) return version;
    }
    return undefined;
  }

  /** Reads a sealed version, and tells whether its bytes match the seal. */
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

  /** Whether nobody can still be writing this version, given that the caller has the lock of its name. */
  #isOver = ({ seal, number }: Version): boolean =>
    seal !== null || this.#locks.everywhere || Date.now() - timeOf(number) > ABANDONED;

  /**
   * Removes versions of a name while nobody reads: the newest sealed one last, so that it counts until
   * nothing else is left. Unsealed versions that an ending worker still holds are skipped.
   */
  async #remove(versions: readonly Version[]): Promise<void> {
    if (versions.length === 0) return;
    const order = (a: Version, b: Version) =>
      Number(a.seal !== null) - Number(b.seal !== null) || byNumber(a, b);
    await this.#files('exclusive', async () => {
      for (const version of [...versions].sort(order)) {
        const removed = this.#backend.remove(version);
        await (version.seal ? removed : removed.catch(() => {}));
      }
    });
  }

  async #missing(name: string): Promise<FewbitsError> {
    const versions = await this.all();
    const names = new Set(versions.filter(({ seal }) => seal).map((version) => version.name));
    const some = [...names].slice(0, 8).map((one) => `'${one}'`);
    return invalid(
      `nothing is saved as '${name}' in the store '${this.#store}'; it has ${some.join(', ') || 'nothing'}`,
    );
  }

  #lockOf(name: string): string {
    return `fewbits/store/${this.kind}/${this.#store}/save/${name}`;
  }

  #files<T>(mode: LockMode, act: () => Promise<T>): Promise<T> {
    return this.#locks.run(`fewbits/store/${this.kind}/${this.#store}/files`, mode, act);
  }

  /** Converts the browser's errors; `bytes` is the size of the whole version. */
  async #do<T>(what: 'read' | 'write', act: () => Promise<T>, bytes?: number): Promise<T> {
    try {
      return await act();
    } catch (cause) {
      throw await storageError(`the store '${this.#store}' in ${this.kind}`, what, cause, bytes);
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

/** The next version number: it increases within a name, and holds the time when its save began. */
function nextNumber(versions: readonly Version[]): number {
  const newest = Math.max(Date.now() * 1000, ...versions.map(({ number }) => number + 1));
  // The random part is for other tabs, which may pick a number from the same versions where no locks hold.
  return newest + Math.floor(Math.random() * 1000);
}

const timeOf = (number: number) => number / 1000;
