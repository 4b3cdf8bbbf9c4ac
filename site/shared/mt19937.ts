/** Mersenne Twister of 32 bits (Matsumoto and Nishimura, 1998). */
export class Mt19937 {
  readonly #state = new Uint32Array(624);
  #next = 624;

  constructor(seed: number) {
    const s = this.#state;
    s[0] = seed;
    for (let i = 1; i < 624; i++) {
      s[i] = Math.imul(1812433253, s[i - 1] ^ (s[i - 1] >>> 30)) + i;
    }
  }

  /** The next 32 bits. */
  next(): number {
    if (this.#next === 624) this.#twist();
    let y = this.#state[this.#next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #twist(): void {
    const s = this.#state;
    for (let i = 0; i < 624; i++) {
      const y = (s[i] & 0x80000000) | (s[(i + 1) % 624] & 0x7fffffff);
      s[i] = s[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}

/** Uniform float32 values in [low, high), from 24 bits each and rounded at every step. */
export function uniformTensor(seed: number, length: number, low: number, high: number) {
  const random = new Mt19937(seed);
  return Float32Array.from({ length }, () => {
    const unit = (random.next() & 0xffffff) * 2 ** -24;
    return Math.fround(Math.fround(unit * (high - low)) + low);
  });
}
