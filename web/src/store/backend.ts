// The interface between the store and the storage of a browser. The store itself is responsible for
// atomicity, locks and clean-up for all backends; a backend guarantees that seal() completes a version at
// once.

/** A record stored with the bytes; its presence means that all of them were written. */
export interface Seal {
  readonly byteLength: number;
  /** CRC-32. */
  readonly checksum: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The result of one save, complete or not. Of each name, the sealed version with the highest number counts.
 */
export interface Version {
  readonly name: string;
  readonly number: number;
  /** null when the save has not finished, or never will. */
  readonly seal: Seal | null;
}

export interface Backend {
  readonly kind: 'opfs' | 'indexeddb';
  /** All versions, or those of a name. */
  versions(name?: string): Promise<Version[]>;
  /** Begins a version that does not exist yet. */
  create(name: string, number: number): Promise<Writer>;
  /** Passes the bytes of a sealed version to `each`, in order. */
  read(version: Version, each: (piece: Uint8Array) => void): Promise<void>;
  /** Removes a version completely or not at all; a missing version is no error. */
  remove(version: Version): Promise<void>;
}

export interface Writer {
  /** Appends bytes; the caller may reuse their memory afterwards. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Completes the version. */
  seal(seal: Seal): Promise<void>;
  /** Releases a version that will not be sealed, so that it can be removed. */
  abort(): Promise<void>;
}
