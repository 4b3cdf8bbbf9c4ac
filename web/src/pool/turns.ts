// Calls that take effect in the order in which they are made.

const nothing = () => {};

/** Runs readers concurrently and writers alone, in the order of their calls. */
export class Turns {
  #writer: Promise<void> = Promise.resolve();
  /** The readers since the last writer. */
  #readers: Promise<void> = Promise.resolve();

  read<T>(work: () => T | PromiseLike<T>): Promise<T> {
    const result = this.#writer.then(work);
    this.#readers = Promise.all([this.#readers, result.then(nothing, nothing)]).then(nothing);
    return result;
  }

  write<T>(work: () => T | PromiseLike<T>): Promise<T> {
    const result = Promise.all([this.#writer, this.#readers]).then(work);
    this.#writer = result.then(nothing, nothing);
    this.#readers = Promise.resolve();
    return result;
  }
}
