/** The bit positions of sign, exponent and mantissa in a plain float type. */
interface Layout {
  readonly bytes: 2 | 4;
  readonly exponent: number;
  readonly mantissa: number;
}

const LAYOUTS: Record<string, Layout> = {
  F32: { bytes: 4, exponent: 8, mantissa: 23 },
  F16: { bytes: 2, exponent: 5, mantissa: 10 },
  BF16: { bytes: 2, exponent: 8, mantissa: 7 },
};

export interface BitCounts {
  readonly layout: Layout;
  readonly values: number;
  readonly negative: number;
  /** The number of occurrences of each exponent field. */
  readonly exponents: Float64Array;
  /** The number of occurrences of each value of the mantissa's first bits. */
  readonly mantissas: Float64Array;
  /** For each bit, the highest first: the number of values that have it set. */
  readonly set: Float64Array;
}

/** The number of mantissa bits that are distinguished. */
const MANTISSA_BITS = 5;

/** Counts the bits of floats as they are stored. */
export class BitCounter {
  readonly #layout: Layout;
  /**
   * Counts by the highest 16 bits of a value, which contain sign, exponent and the first bits of the
   * mantissa.
   */
  readonly #high = new Float64Array(2 ** 16);
  /** Counts by the lowest 16 bits; for float32 only. */
  readonly #low = new Float64Array(2 ** 16);
  #values = 0;

  private constructor(layout: Layout) {
    this.#layout = layout;
  }

  static for(type: string): BitCounter | null {
    const layout = LAYOUTS[type];
    return layout ? new BitCounter(layout) : null;
  }

  /** Adds whole little-endian values. */
  add(bytes: Uint8Array): void {
    const size = this.#layout.bytes;
    const high = this.#high;
    const low = this.#low;
    for (let at = 0; at < bytes.length; at += size) {
      high[bytes[at + size - 2] | (bytes[at + size - 1] << 8)]++;
      if (size === 4) low[bytes[at] | (bytes[at + 1] << 8)]++;
    }
    this.#values += bytes.length / size;
  }

  counts(): BitCounts {
    const layout = this.#layout;
    const rest = 15 - layout.exponent;
    const exponents = new Float64Array(2 ** layout.exponent);
    const mantissas = new Float64Array(2 ** MANTISSA_BITS);
    const set = new Float64Array(8 * layout.bytes);
    let negative = 0;
    this.#high.forEach((n, pattern) => {
      if (n === 0) return;
      if (pattern >> 15) negative += n;
      exponents[(pattern >> rest) & (exponents.length - 1)] += n;
      mantissas[(pattern >> (rest - MANTISSA_BITS)) & (mantissas.length - 1)] += n;
      for (let bit = 0; bit < 16; bit++) if ((pattern >> (15 - bit)) & 1) set[bit] += n;
    });
    if (layout.bytes === 4) {
      this.#low.forEach((n, pattern) => {
        if (n === 0) return;
        for (let bit = 0; bit < 16; bit++) if ((pattern >> (15 - bit)) & 1) set[16 + bit] += n;
      });
    }
    return { layout, values: this.#values, negative, exponents, mantissas, set };
  }
}
