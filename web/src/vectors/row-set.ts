// A set of rows, with one bit per row.

export class RowSet {
  #bits = new Uint32Array(0);
  count = 0;

  has(row: number): boolean {
    const word = row >>> 5;
    return word < this.#bits.length && ((this.#bits[word] >>> (row & 31)) & 1) === 1;
  }

  /** Allocates memory for `rows` rows. */
  reserve(rows: number): void {
    const words = Math.ceil(rows / 32);
    if (words <= this.#bits.length) return;
    const bits = new Uint32Array(Math.max(words, Math.ceil(this.#bits.length * 1.25)));
    bits.set(this.#bits);
    this.#bits = bits;
  }

  add(row: number): void {
    this.#bits[row >>> 5] |= 1 << (row & 31);
    this.count++;
  }

  delete(row: number): void {
    this.#bits[row >>> 5] &= ~(1 << (row & 31));
    this.count--;
  }
}
