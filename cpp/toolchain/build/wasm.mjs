// Reads WebAssembly, modules and object files alike, to find the instructions of each function. It does not
// search for bytes: every instruction is decoded with its immediates, and a function that does not decode to
// its end is an error. Long because it holds the tables of instructions.

const decoder = new TextDecoder();

class Reader {
  constructor(bytes, position = 0, end = bytes.length) {
    Object.assign(this, { bytes, position, end });
  }

  byte() {
    if (this.position >= this.end) throw new Error('WebAssembly ends too early');
    return this.bytes[this.position++];
  }

  /** LEB128 of up to 64 bits, as a number; of the larger ones only the length matters. */
  leb() {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      factor *= 128;
      if (byte < 128) return value;
    }
  }

  skip(count) {
    this.position += count;
    if (this.position > this.end) throw new Error('WebAssembly ends too early');
  }

  name() {
    const length = this.leb();
    this.skip(length);
    return decoder.decode(this.bytes.subarray(this.position - length, this.position));
  }

  limits() {
    const flags = this.leb();
    this.leb();
    if (flags & 1) this.leb();
  }
}

// The relaxed instructions, by their number after the prefix 0xfd.
const RELAXED = new Map([
  [0x100, 'i8x16.relaxed_swizzle'],
  [0x101, 'i32x4.relaxed_trunc_f32x4_s'],
  [0x102, 'i32x4.relaxed_trunc_f32x4_u'],
  [0x103, 'i32x4.relaxed_trunc_f64x2_s_zero'],
  [0x104, 'i32x4.relaxed_trunc_f64x2_u_zero'],
  [0x105, 'f32x4.relaxed_madd'],
  [0x106, 'f32x4.relaxed_nmadd'],
  [0x107, 'f64x2.relaxed_madd'],
  [0x108, 'f64x2.relaxed_nmadd'],
  [0x109, 'i8x16.relaxed_laneselect'],
  [0x10a, 'i16x8.relaxed_laneselect'],
  [0x10b, 'i32x4.relaxed_laneselect'],
  [0x10c, 'i64x2.relaxed_laneselect'],
  [0x10d, 'f32x4.relaxed_min'],
  [0x10e, 'f32x4.relaxed_max'],
  [0x10f, 'f64x2.relaxed_min'],
  [0x110, 'f64x2.relaxed_max'],
  [0x111, 'i16x8.relaxed_q15mulr_s'],
  [0x112, 'i16x8.relaxed_dot_i8x16_i7x16_s'],
  [0x113, 'i32x4.relaxed_dot_i8x16_i7x16_add_s'],
]);

// The names of instructions that a kernel may be required to contain; others are counted as 'v128'.
const NAMED = new Map([
  [0x0d, 'i8x16.shuffle'],
  [0x0e, 'i8x16.swizzle'],
  [0x62, 'i8x16.popcnt'],
  [0x65, 'i8x16.narrow_i16x8'],
  [0x66, 'i8x16.narrow_i16x8'],
  [0x7e, 'i32x4.extadd_pairwise_i16x8_s'],
  [0x9c, 'i16x8.extmul_low_i8x16_s'],
  [0x9d, 'i16x8.extmul_high_i8x16_s'],
  [0xba, 'i32x4.dot_i16x8_s'],
  [0xe4, 'f32x4.add'],
  [0xe6, 'f32x4.mul'],
]);

function memoryArgument(reader) {
  const align = reader.leb();
  if (align & 0x40) reader.leb();
  reader.leb();
}

/** Skips the immediates of a vector instruction; returns the names under which it is counted. */
function vectorInstruction(reader) {
  const number = reader.leb();
  const relaxed = RELAXED.get(number);
  if (number > 0x113 || (number >= 0x100 && !relaxed)) {
    throw new Error(`unknown vector instruction 0x${number.toString(16)}`);
  }
  if (number <= 0x0b || number === 0x5c || number === 0x5d) memoryArgument(reader);
  else if (number === 0x0c || number === 0x0d) reader.skip(16);
  else if (number >= 0x15 && number <= 0x22) reader.skip(1);
  else if (number >= 0x54 && number <= 0x5b) {
    memoryArgument(reader);
    reader.skip(1);
  }
  const arithmetic = number !== 0x00 && number !== 0x0b && number !== 0x0c;
  const name = relaxed ?? NAMED.get(number);
  return ['v128', arithmetic && 'v128 arithmetic', relaxed && 'relaxed', name].filter(Boolean);
}

/** Skips the operands of an instruction that is neither a vector instruction nor a call by index. */
function skipOperands(op, reader) {
  if (op === 0x02 || op === 0x03 || op === 0x04 || op === 0x06) {
    reader.leb(); // block type, fits a signed LEB128
  } else if (op === 0x0e) {
    for (let targets = reader.leb() + 1; targets > 0; --targets) reader.leb();
  } else if (op === 0x11 || op === 0x13) {
    reader.leb();
    reader.leb();
  } else if (op === 0x1c) {
    for (let types = reader.leb(); types > 0; --types) reader.byte();
  } else if (op === 0x1f) {
    throw new Error('exception handling is not expected here');
  } else if (op >= 0x28 && op <= 0x3e) {
    memoryArgument(reader);
  } else if (op === 0x43) {
    reader.skip(4);
  } else if (op === 0x44) {
    reader.skip(8);
  } else if (
    op === 0x0c || // br, br_if
    op === 0x0d ||
    (op >= 0x20 && op <= 0x26) || // variables and tables
    (op >= 0x3f && op <= 0x42) || // memory.size, memory.grow, constants
    op === 0xd0 ||
    op === 0xd2
  ) {
    reader.leb();
  } else if (op === 0xfc) {
    const number = reader.leb();
    if (number === 8 || number === 10 || number === 12 || number === 14) reader.leb();
    if (number > 7) reader.leb();
  } else if (op === 0xfe) {
    throw new Error('atomics are not expected here');
  } else if (
    !(op <= 0x01 || op === 0x05 || op === 0x0b || op === 0x0f || op === 0x1a || op === 0x1b) &&
    !(op >= 0x45 && op <= 0xc4) &&
    op !== 0xd1
  ) {
    throw new Error(`unknown instruction 0x${op.toString(16)}`);
  }
}

/** Decodes one function body; returns { calls, instructions: Map(name -> count) }. */
function decode(reader) {
  const instructions = new Map();
  const calls = new Set();
  for (let groups = reader.leb(); groups > 0; --groups) {
    reader.leb();
    reader.byte();
  }
  while (reader.position < reader.end) {
    const op = reader.byte();
    if (op === 0xfd) {
      for (const name of vectorInstruction(reader)) {
        instructions.set(name, (instructions.get(name) ?? 0) + 1);
      }
    } else if (op === 0x10 || op === 0x12) {
      calls.add(reader.leb());
    } else {
      skipOperands(op, reader);
    }
  }
  return { calls, instructions };
}

/**
 * The functions of a module or object file: [{ index, name, exported, calls, instructions }]. Names come from
 * the symbol table of an object file, as the linker uses them.
 */
export function functionsOf(bytes) {
  const reader = new Reader(bytes);
  if (reader.leb() !== 0 || decoder.decode(bytes.subarray(1, 4)) !== 'asm') {
    throw new Error('not WebAssembly');
  }
  reader.position = 8;
  let imported = 0;
  const functions = [];
  const symbols = new Map();
  while (reader.position < bytes.length) {
    const id = reader.byte();
    const size = reader.leb();
    const section = new Reader(bytes, reader.position, reader.position + size);
    reader.skip(size);
    if (id === 2) {
      for (let count = section.leb(); count > 0; --count) {
        section.name();
        section.name();
        const kind = section.byte();
        if (kind === 0) {
          ++imported;
          section.leb();
        } else if (kind === 1) {
          section.byte();
          section.limits();
        } else if (kind === 2) {
          section.limits();
        } else if (kind === 3) {
          section.skip(2);
        } else {
          section.byte();
          section.leb();
        }
      }
    } else if (id === 10) {
      for (let count = section.leb(); count > 0; --count) {
        const length = section.leb();
        const body = new Reader(bytes, section.position, section.position + length);
        section.skip(length);
        functions.push({ index: imported + functions.length, ...decode(body) });
      }
    } else if (id === 0 && section.name() === 'linking') {
      readSymbols(section, symbols);
    }
  }
  for (const entry of functions) Object.assign(entry, symbols.get(entry.index) ?? { name: '' });
  return functions;
}

function readSymbols(section, symbols) {
  section.leb(); // version
  while (section.position < section.end) {
    const type = section.byte();
    const size = section.leb();
    const table = new Reader(section.bytes, section.position, section.position + size);
    section.skip(size);
    if (type !== 8) continue;
    for (let count = table.leb(); count > 0; --count) {
      const kind = table.byte();
      const flags = table.leb();
      const undefinedSymbol = (flags & 0x10) !== 0;
      if (kind === 0 || kind === 2 || kind === 4 || kind === 5) {
        const index = table.leb();
        const name = undefinedSymbol && !(flags & 0x40) ? '' : table.name();
        const local = (flags & 3) === 2;
        if (kind === 0 && !undefinedSymbol) symbols.set(index, { name, local });
      } else if (kind === 1) {
        table.name();
        if (!undefinedSymbol) {
          table.leb();
          table.leb();
          table.leb();
        }
      } else {
        table.leb();
      }
    }
  }
}

/** The object files of an archive (.a): [{ name, bytes }]. */
export function membersOf(archive) {
  const text = (from, length) => decoder.decode(archive.subarray(from, from + length));
  if (text(0, 8) !== '!<arch>\n') throw new Error('not an archive');
  const members = [];
  let names = '';
  for (let at = 8; at + 60 <= archive.length; ) {
    const field = text(at, 16).trimEnd();
    const size = Number(text(at + 48, 10));
    const bytes = archive.subarray(at + 60, at + 60 + size);
    if (field === '//') {
      names = decoder.decode(bytes);
    } else if (field !== '/') {
      const long = /^\/(\d+)$/.exec(field);
      const name = long
        ? names.slice(Number(long[1]), names.indexOf('/\n', Number(long[1])))
        : field.replace(/\/$/, '');
      members.push({ name, bytes });
    }
    at += 60 + size + (size & 1);
  }
  return members;
}

/** 'a::b::c' for the mangled name of a function in nested namespaces, otherwise ''. */
export function demangled(name) {
  const match = /^_ZN(?:\d+[A-Za-z_])/.test(name);
  if (!match) return '';
  const parts = [];
  for (let rest = name.slice(3); ; ) {
    const number = /^\d+/.exec(rest);
    if (!number) break;
    const from = number[0].length;
    const part = rest.slice(from, from + Number(number[0]));
    parts.push(part.startsWith('_GLOBAL__N') ? '(anonymous)' : part);
    rest = rest.slice(from + Number(number[0]));
    if (rest.startsWith('L')) rest = rest.slice(1);
  }
  return parts.join('::');
}

/** The sum of the instructions of all functions. */
export function totals(functions) {
  const sum = new Map();
  for (const { instructions } of functions) {
    for (const [name, count] of instructions) sum.set(name, (sum.get(name) ?? 0) + count);
  }
  return sum;
}
