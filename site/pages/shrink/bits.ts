/** The places of sign, exponent and mantissa in a type of plain floats. */
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
  /** How often each exponent field occurs. */
  readonly exponents: Float64Array;
  /** How often each value of the mantissa's first bits occurs. */
  readonly mantissas: Float64Array;
  /** For each bit, the highest first: how many values have it set. */
  readonly set: Float64Array;
}

/** The first bits of a mantissa that are told apart. */
const MANTISSA_BITS = 5;

/** Counts the bits of floats as they are stored. */
export class BitCounter {
  readonly #layout: Layout;
  /** Values by their highest 16 bits, which hold sign, exponent and the first of the mantissa. */
  readonly #high = new Float64Array(2 ** 16);
  /** Values by their lowest 16 bits; for float32 alone. */
  readonly #low = new Float64Array(2 ** 16);
  #values = 0;

  private constructor(layout: Layout) {
    this.#layout = layout;
  }

  static for(type: string): BitCounter | null {
    const layout = LAYOUTS[type];
    return layout ? new BitCounter(layout) : null;
  }

  /** Little-endian values, whole. */
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
