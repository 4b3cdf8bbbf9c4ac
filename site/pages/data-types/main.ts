// The page on data types: the bits of a number, which can be set and read.

import type { InspectType } from 'fewbits';
import { live as current } from 'lit-html/directives/live.js';
import { select } from '../../shared/controls.ts';
import { general } from '../../shared/format.ts';
import {
  attempt,
  type Fewbits,
  html,
  live,
  nothing,
  type TemplateResult,
} from '../../shared/live.ts';
import { facts, table } from '../../shared/results.ts';

interface Type {
  readonly name: InspectType;
  readonly title: string;
  readonly bits: number;
  /** Bits of exponent; integers have none. */
  readonly exponent?: number;
}

const TYPES: readonly Type[] = [
  { name: 'f64', title: 'float64', bits: 64, exponent: 11 },
  { name: 'f32', title: 'float32', bits: 32, exponent: 8 },
  { name: 'f16', title: 'float16', bits: 16, exponent: 5 },
  { name: 'bf16', title: 'bfloat16', bits: 16, exponent: 8 },
  { name: 'int8', title: 'int8', bits: 8 },
  { name: 'uint8', title: 'uint8', bits: 8 },
  { name: 'int16', title: 'int16', bits: 16 },
  { name: 'int32', title: 'int32', bits: 32 },
  { name: 'int64', title: 'int64', bits: 64 },
];
const typeOf = (name: InspectType) => TYPES.find((type) => type.name === name) as Type;

/** Parses a typed number; whole ones keep all their digits for the integer types. */
function parse(text: string, type: Type): number | bigint {
  const word = text.trim().replaceAll('−', '-');
  if (!type.exponent && /^[+-]?\d+$/.test(word)) return BigInt(word);
  const value = /^[+-]?inf(inity)?$/i.test(word)
    ? Number.POSITIVE_INFINITY * (word.startsWith('-') ? -1 : 1)
    : Number(word);
  if (word === '' || (Number.isNaN(value) && word.toLowerCase() !== 'nan')) {
    throw new SyntaxError(`“${text}” is not a number`);
  }
  return value;
}

/** Decodes bits to their number. */
function decode(fb: Fewbits, bits: string, type: Type): number | bigint {
  const raw = BigInt(`0b${bits}`);
  if (!type.exponent) {
    return type.name === 'uint8' ? raw : BigInt.asIntN(type.bits, raw);
  }
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, raw, true);
  if (type.name === 'f64') return view.getFloat64(0, true);
  if (type.name === 'f32') return view.getFloat32(0, true);
  return fb.floats.decode(new Uint8Array(view.buffer, 0, 2), type.name as 'f16' | 'bf16', 1)[0];
}

const kindOf = (at: number, type: Type): 'sign' | 'exponent' | 'mantissa' =>
  at === 0 && type.name !== 'uint8' ? 'sign' : at <= (type.exponent ?? 0) ? 'exponent' : 'mantissa';

const KINDS = { sign: 'sign', exponent: 'exponent', mantissa: 'mantissa' };
const shownKind = (kind: keyof typeof KINDS, type: Type) =>
  kind === 'mantissa' && !type.exponent ? 'digit' : KINDS[kind];

const text = (value: number | bigint) => (Object.is(value, -0) ? '-0' : String(value));
const flipped = (bits: string, at: number) =>
  bits.slice(0, at) + (bits[at] === '0' ? '1' : '0') + bits.slice(at + 1);

interface State {
  readonly type: InspectType;
  readonly bits: string;
  /** The text in the field; null when it follows the bits. */
  readonly typed: string | null;
  /** The bit that the arrow keys have reached. */
  readonly at: number;
}

/** The bits as buttons: one Tab stop, with arrow keys inside. */
function bitButtons(state: State, type: Type, set: (change: Partial<State>) => void) {
  const { bits, at } = state;
  const onKey = (event: KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      Home: 0,
      End: type.bits - 1,
    };
    const to = moves[event.key];
    if (to === undefined || to < 0 || to >= type.bits) return;
    event.preventDefault();
    const buttons = (event.currentTarget as HTMLElement).children;
    (buttons[to] as HTMLElement).focus();
    set({ at: to });
  };
  return html`<div class="bits large" role="toolbar" aria-label="Bits; arrow keys move, Enter turns one" @keydown=${onKey}>
    ${[...bits].map((bit, i) => {
      const kind = kindOf(i, type);
      return html`<button type="button" class=${kind} tabindex=${i === at ? 0 : -1}
        aria-label="${bit}, bit ${type.bits - 1 - i}, ${shownKind(kind, type)}" aria-pressed=${bit === '1'}
        @click=${() => set({ bits: flipped(bits, i), typed: null, at: i })}>${bit}</button>`;
    })}
  </div>`;
}

function meaning(fb: Fewbits, bits: string, type: Type, value: number | bigint): TemplateResult {
  const seen = fb.floats.inspect(
    type.exponent && Number.isNaN(value as number) ? Number.NaN : value,
    type.name,
  );
  if (seen.kind === 'integer') {
    return html`${facts([
      ['stored number', text(seen.value), 'returned'],
      ['bits', type.bits],
      ['in hex', hex(bits)],
      ['smallest', text(seen.range.min)],
      ['largest', text(seen.range.max)],
    ])}`;
  }
  const exponent = bits.slice(1, 1 + (type.exponent ?? 0));
  const sum =
    seen.power === null || seen.significand === null
      ? nothing
      : html`<p>
          ${bits[0] === '1' ? '−' : ''}${seen.significand} × 2<sup>${seen.power}</sup>
          = <span class="returned">${text(seen.value)}</span>
        </p>`;
  return html`
    ${facts([
      ['stored number', text(value), 'returned'],
      ['it is', seen.class === 'nan' ? 'not a number' : seen.class],
      ['sign', bits[0] === '1' ? '1, negative' : '0, positive'],
      [
        'exponent',
        seen.power === null
          ? `${Number.parseInt(exponent, 2)}, special`
          : seen.exponentField === 0
            ? `0, power ${seen.power}`
            : `${seen.exponentField} − ${seen.bias} = ${seen.power}`,
      ],
      ['significand', seen.significand ?? 'none'],
      ['in hex', hex(bits)],
    ])}
    ${sum}`;
}

const hex = (bits: string) =>
  BigInt(`0b${bits}`)
    .toString(16)
    .padStart(bits.length / 4, '0');

live<State>(
  'bits',
  { type: 'f32', bits: '00111110001000000000000000000000', typed: null, at: 0 },
  (fb, state, set) => {
    const type = typeOf(state.type);
    const value = decode(fb, state.bits, type);
    const enter = (typed: string) => {
      set({ typed });
      try {
        set({ bits: fb.floats.inspect(parse(typed, type), type.name).bits });
      } catch {
        // The view shows the error.
      }
    };
    const change = (name: InspectType) => {
      const next = typeOf(name);
      const kept = typeof value === 'number' && Number.isNaN(value) && !next.exponent ? 0 : value;
      set({ type: name, bits: fb.floats.inspect(kept, name).bits, typed: null, at: 0 });
    };
    return html`
      <div class="controls">
        ${select({
          label: 'Type',
          options: TYPES.map(({ name, title }) => [name, title] as const),
          value: state.type,
          set: change,
        })}
        <label class="field">
          <span class="name">Number</span>
          <input type="text" inputmode="decimal" spellcheck="false" autocomplete="off"
            .value=${current(state.typed ?? text(value))}
            @input=${(event: Event) => enter((event.target as HTMLInputElement).value)}>
        </label>
      </div>
      ${bitButtons(state, type, set)}
      <p class="key">
        ${type.name === 'uint8' ? nothing : html`<span class="sign">sign</span>`}
        ${type.exponent ? html`<span class="exponent">exponent</span>` : nothing}
        <span class="mantissa">${type.exponent ? 'mantissa' : 'digits'}</span>
      </p>
      ${attempt(() => {
        if (state.typed !== null) fb.floats.inspect(parse(state.typed, type), type.name);
        return meaning(fb, state.bits, type, value);
      })}`;
  },
);

live('compare', { typed: '3.14159265' }, (fb, { typed }, set) => {
  const result = attempt(() => {
    const number = Number(parse(typed, TYPES[0]));
    if (Number.isNaN(number)) throw new RangeError('integers have no NaN');
    const seen = TYPES.map((type) => fb.floats.inspect(number, type.name));
    return html`${table({
      caption: 'The nearest number that each type has',
      named: true,
      columns: [
        { head: 'type', cells: TYPES.map(({ title }) => title) },
        { head: 'stored number', cells: seen.map(({ value }) => text(value)), tone: 'returned' },
        {
          head: 'off by',
          cells: seen.map(({ value }) =>
            Number(value) === number ? '0' : general(Number(value) - number, 3),
          ),
        },
        { head: 'in hex', cells: seen.map(({ bits }) => hex(bits)), tone: 'stored' },
      ],
    })}`;
  });
  return html`
    <div class="controls">
      <label class="field">
        <span class="name">Number</span>
        <input type="text" inputmode="decimal" spellcheck="false" autocomplete="off"
          .value=${current(typed)}
          @input=${(event: Event) => set({ typed: (event.target as HTMLInputElement).value })}>
      </label>
    </div>
    ${result}`;
});

live('ranges-table', {}, (fb) => {
  const floats = TYPES.filter((type) => type.exponent);
  const integers = TYPES.filter((type) => !type.exponent);
  const ranges = floats.map(({ name }) => {
    const seen = fb.floats.inspect(1, name);
    if (seen.kind !== 'float') throw new TypeError(name);
    return seen.range;
  });
  const limits = integers.map(({ name }) => {
    const seen = fb.floats.inspect(1, name);
    if (seen.kind !== 'integer') throw new TypeError(name);
    return seen.range;
  });
  return html`
    ${table({
      caption: 'Floats',
      named: true,
      columns: [
        { head: 'type', cells: floats.map(({ title }) => title) },
        { head: 'exponent, bits', cells: floats.map(({ exponent }) => exponent) },
        { head: 'mantissa, bits', cells: floats.map((t) => t.bits - 1 - (t.exponent ?? 0)) },
        { head: 'largest', cells: ranges.map(({ max }) => general(max)) },
        { head: 'smallest normal', cells: ranges.map(({ minNormal }) => general(minNormal)) },
        { head: 'smallest', cells: ranges.map(({ minSubnormal }) => general(minSubnormal)) },
        { head: 'next after 1', cells: ranges.map(({ epsilon }) => `1 + ${general(epsilon)}`) },
      ],
    })}
    ${table({
      caption: 'Integers',
      named: true,
      columns: [
        { head: 'type', cells: integers.map(({ title }) => title) },
        { head: 'bits', cells: integers.map(({ bits }) => bits) },
        { head: 'smallest', cells: limits.map(({ min }) => text(min)) },
        { head: 'largest', cells: limits.map(({ max }) => text(max)) },
      ],
    })}`;
});
