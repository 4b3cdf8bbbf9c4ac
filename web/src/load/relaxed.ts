// Tests every relaxed instruction of the kernels on operands for which its result is determined.
//
// Engines had bugs in them: V8 before 11.9 (Chrome 114 to 118, Node 20 with a flag, Node 21) loses the
// accumulator of the relaxed dot product in the code of its baseline compiler when it is not in a local, so
// that a valid module computes wrong results. Therefore each instruction is compared with plain SIMD in a
// module of two kilobytes: with operands in locals and as temporaries, in a loop with a running sum, as in
// kernels, and several times, since engines recompile hot code.

/** Bytes, nested as convenient and flattened once. */
type Code = number | readonly Code[];

/** A vector instruction, by its number. */
const simd = (number: number): Code =>
  number < 128 ? [0xfd, number] : [0xfd, (number & 127) | 128, number >> 7];
const constant = (bytes: Code): Code => [simd(0x0c), bytes];
const splat = (byte: number): Code => constant(new Array<number>(16).fill(byte));
const get = (local: number): Code => [0x20, local];
const set = (local: number): Code => [0x21, local];
const i32 = (small: number): Code => [0x41, small];

// Locals: the rounds left, whether any failed, both operands, the running sum with relaxed and with plain
// SIMD, and the plain sum after the round.
const ROUNDS = get(0);
const A = get(2);
const B = get(3);
const RELAXED = get(4);
const PLAIN = get(5);
const AFTER = get(6);

export interface Probe {
  /** The number of the relaxed instruction. */
  readonly number: number;
  /** Code that turns 128 arbitrary bits into operands with a single correct result. */
  readonly a: Code;
  readonly b: Code;
  /** Whether the third operand is the result so far. */
  readonly adds: boolean;
  /** The same from A and B, and PLAIN if it adds, without relaxed instructions. */
  readonly plain: Code;
}

/**
 * Converts to a few small integers as floats: sums of their products are exact, whether rounded once or
 * twice.
 */
const SMALL_FLOATS: Code = [i32(29), simd(0xac), simd(0xfa)];

/** Sums of two products of bytes each, as eight 16-bit integers: they fit as B is below 128. */
const PAIRS: Code = [
  [A, simd(0x87), B, simd(0x87), simd(0xba)], // low halves, widened and multiplied
  [A, simd(0x88), B, simd(0x88), simd(0xba)], // high halves
  simd(0x85), // narrowed, saturating
];

/** Every relaxed instruction that the package's relaxed build holds. */
export const PROBES: Readonly<Record<string, Probe>> = {
  'i8x16.relaxed_swizzle': {
    number: 0x100,
    a: [],
    b: [splat(15), simd(0x4e)],
    adds: false,
    plain: [A, B, simd(0x0e)],
  },
  'f32x4.relaxed_madd': {
    number: 0x105,
    a: SMALL_FLOATS,
    b: SMALL_FLOATS,
    adds: true,
    plain: [A, B, simd(0xe6), PLAIN, simd(0xe4)],
  },
  'i16x8.relaxed_q15mulr_s': {
    number: 0x111,
    a: [],
    b: [splat(127), simd(0x4e)],
    adds: false,
    plain: [A, B, simd(0x82)],
  },
  'i16x8.relaxed_dot_i8x16_i7x16_s': {
    number: 0x112,
    a: [],
    b: [splat(127), simd(0x4e)],
    adds: false,
    plain: PAIRS,
  },
  'i32x4.relaxed_dot_i8x16_i7x16_add_s': {
    number: 0x113,
    a: [],
    b: [splat(127), simd(0x4e)],
    adds: true,
    plain: [PAIRS, simd(0x7e), PLAIN, simd(0xae)],
  },
};

// Odd numbers without a pattern; multiplied by the number of the round they are the operands.
const FACTORS_A = [
  0x9d, 0x37, 0x81, 0xb1, 0x6b, 0xc2, 0x58, 0x27, 0xe3, 0x1f, 0xa4, 0x4d, 0x75, 0x0e, 0xd9, 0x93,
];
const FACTORS_B = [
  0xc5, 0x5a, 0x0d, 0xe7, 0x31, 0x96, 0xf8, 0x6d, 0x4b, 0xbe, 0x13, 0x8f, 0xa7, 0x29, 0x74, 0xdb,
];

const operand = (factors: Code): Code => [
  [ROUNDS, simd(0x11)],
  [constant(factors), simd(0xb5)],
];

/** A temporary value that no local holds: its register may be reused where that of a local may not. */
const fleeting = (local: Code): Code => [local, local, simd(0x4e)];

/** The results of an instruction with its operands in locals or as temporaries, in every combination. */
const inEveryShape = (number: number, operands: readonly Code[]): Code[] =>
  Array.from({ length: 1 << operands.length }, (_, shape) => [
    operands.map((local, i) => (shape & (1 << i) ? fleeting(local) : local)),
    simd(number),
  ]);

/** Records whether any bit of a result differs from that of plain SIMD. */
const compare = (result: Code): Code => [
  [result, AFTER, simd(0x51), simd(0x53)],
  [get(1), 0x72, set(1)],
];

const functionOf = ({ number, a, b, adds, plain }: Probe): Code => [
  [0x03, 0x40], // loop
  [operand(FACTORS_A), a, set(2)],
  [operand(FACTORS_B), b, set(3)],
  [plain, set(6)],
  inEveryShape(number, adds ? [A, B, PLAIN] : [A, B]).map(compare),
  [A, B, adds ? RELAXED : [], simd(number), set(4)],
  compare(RELAXED),
  [AFTER, set(5)],
  [ROUNDS, i32(1), 0x6b, 0x22, 0, 0x0d, 0], // repeat while rounds are left
  [0x0b, get(1), 0x0b],
];

const leb = (value: number): Code => (value < 128 ? value : [(value & 127) | 128, leb(value >> 7)]);

function bytesOf(code: Code, bytes: number[] = []): number[] {
  if (typeof code === 'number') bytes.push(code);
  else for (const part of code) bytesOf(part, bytes);
  return bytes;
}

function sized(code: Code): Code {
  const bytes = bytesOf(code);
  return [leb(bytes.length), bytes];
}

const section = (id: number, contents: Code): Code => [id, sized(contents)];

/**
 * A module with a function 'f0', 'f1', ... per probe: it takes the number of rounds, and returns 0 if all
 * were right.
 */
export function probeModule(probes: readonly Probe[]): Uint8Array<ArrayBuffer> {
  const { length } = probes;
  const locals = [2, 1, 0x7f, 5, 0x7b];
  return new Uint8Array(
    bytesOf([
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, [1, 0x60, 1, 0x7f, 1, 0x7f]),
      section(3, [length, probes.map(() => 0)]),
      section(7, [length, probes.map((_, i) => [2, 0x66, 0x30 + i, 0, i])]),
      section(10, [length, probes.map((probe) => sized([locals, functionOf(probe)]))]),
    ]),
  );
}

type Run = (rounds: number) => number;

/**
 * In three calls enough for the optimizing compilers of V8 and JavaScriptCore; each call takes less than 1
 * ms.
 */
const ROUNDS_A_CALL = 8000;
const CALLS = 8;

let probes: Map<string, Run> | undefined;
let calls = 0;
let fault: string | undefined;

/**
 * The fault of this engine's relaxed SIMD in words, or undefined if none was found. The first calls test
 * again, since different machine code may run by then; a fault is final.
 */
export function relaxedFault(): string | undefined {
  if (fault !== undefined || calls >= CALLS) return fault;
  calls++;
  try {
    probes ??= compileProbes();
    const wrong = [...probes].filter(([, run]) => run(ROUNDS_A_CALL) !== 0);
    if (wrong.length > 0) {
      fault = `this engine computes ${wrong.map(([name]) => name).join(', ')} wrongly`;
    }
  } catch (cause) {
    fault = `relaxed SIMD could not be tried: ${cause}`;
  }
  return fault;
}

function compileProbes(): Map<string, Run> {
  const names = Object.keys(PROBES);
  const module = new WebAssembly.Module(probeModule(Object.values(PROBES)));
  const { exports } = new WebAssembly.Instance(module);
  return new Map(names.map((name, i) => [name, exports[`f${i}`] as Run]));
}
