// What the store asks of the storage of a browser. Atomicity, locks and cleaning up are the store's,
// once for all backends; a backend promises one thing: seal() makes a version whole at once.

/** Kept with the bytes; whoever has read it knows that all of them were written. */
export interface Seal {
  readonly byteLength: number;
  /** CRC-32. */
  readonly checksum: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What one save wrote, or began to write. Of a name the whole version of highest number counts. */
export interface Version {
  readonly name: string;
  readonly number: number;
  /** null when the save did not come to its end, or has not yet. */
  readonly seal: Seal | null;
}

export interface Backend {
  readonly kind: 'opfs' | 'indexeddb';
  /** All versions there are, or those of a name. */
  versions(name?: string): Promise<Version[]>;
  /** Begins a version that is not there yet. */
  create(name: string, number: number): Promise<Writer>;
  /** Gives the bytes of a sealed version, in order. */
  read(version: Version, each: (piece: Uint8Array) => void): Promise<void>;
  /** Removes all of a version, or nothing; one that is not there is no error. */
  remove(version: Version): Promise<void>;
}

export interface Writer {
  /** Appends; afterwards the caller may use `bytes` for others. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Ends the version: whole from now on. */
  seal(seal: Seal): Promise<void>;
  /** Lets go of a version that will not be sealed, so that it can be removed. */
  abort(): Promise<void>;
}
