// Positions among the rows of an index that are updated when rows are renumbered.

export interface Cursor {
  row: number;
}

/** The cursors that are still in use. */
export class Cursors {
  #refs: WeakRef<Cursor>[] = [];

  /** A new cursor before the first row. */
  begin(): Cursor {
    const cursor = { row: 0 };
    this.#refs = this.#refs.filter((ref) => ref.deref() !== undefined);
    this.#refs.push(new WeakRef(cursor));
    return cursor;
  }

  get alive(): Cursor[] {
    return this.#refs.flatMap((ref) => ref.deref() ?? []);
  }
}
