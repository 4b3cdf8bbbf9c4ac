import { type ModelPlanOptions, mixtures, type TensorRule } from 'fewbits/models';
import { guard } from 'lit-html/directives/guard.js';
import { choice, select } from '../../shared/controls.ts';
import { download, fileDrop } from '../../shared/files.ts';
import { byteSize, count, general, milliseconds, ratio } from '../../shared/format.ts';
import { type Fewbits, html, live, message, nothing, type Update } from '../../shared/live.ts';
import { progress } from '../../shared/progress.ts';
import { facts, table } from '../../shared/results.ts';
import { Client, isAbort } from '../../shared/worker.ts';
import type { Measured, TypeCost } from './measure.ts';
import { bitsView, blockView } from './weights.ts';
import type { Opened, Plan, Plans, ShrinkCalls, Shrunk, Source, Survey, Weighing } from './work.ts';

interface Running {
  readonly fraction: number;
  readonly text: string;
}

/** The file, under the name of what it was made of and the type that was asked for: both may change meanwhile. */
interface Made extends Shrunk {
  readonly name: string;
}

interface State {
  readonly source: Source;
  /** Null while it is read. */
  readonly model: Opened | null;
  /** An importance matrix is being read. */
  readonly weighing: boolean;
  readonly importance: (Weighing & { readonly name: string }) | null;
  readonly survey: Survey | null;
  /** What was measured of whole tensors, by name and type. */
  readonly exact: ReadonlyMap<string, ReadonlyMap<string, TypeCost>>;
  /** Tensors that were measured in every type; with their bits. */
  readonly whole: ReadonlyMap<string, Measured>;
  readonly surveying: Running | null;
  readonly type: string;
  readonly rules: string;
  readonly again: 'keep' | 'convert';
  readonly plans: Plans | null;
  /** The tensor that is looked at. */
  readonly tensor: string;
  readonly block: number;
  readonly sub: number;
  readonly working: Running | null;
  readonly result: Made | null;
  readonly error: unknown;
  /** What is wrong with the rules. */
  readonly planError: unknown;
  readonly notice: string;
}

const client = new Client<ShrinkCalls>(
  () => new Worker(new URL('./work.ts', import.meta.url), { type: 'module' }),
);
let measuring = new AbortController();
let cancelling = new AbortController();
/** Only the newest plan counts. */
let planning = new AbortController();
let taken = 0;

function parseRules(text: string): TensorRule[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [, name, type] = /^\s*(\S+)\s*=\s*(\S+)\s*$/.exec(line) ?? [];
    if (!name) throw new SyntaxError(`“${line}” is not of the form pattern = type`);
    return { name, type: type as TensorRule['type'] };
  });
}

const optionsOf = ({ type, rules, again }: State): ModelPlanOptions => ({
  type: type as ModelPlanOptions['type'],
  rules: parseRules(rules),
  requantize: again === 'convert',
});

async function plan(state: State, set: Update<State>): Promise<void> {
  planning.abort();
  planning = new AbortController();
  const mine = planning.signal;
  try {
    const plans = await client.call('plan', { options: optionsOf(state) }, { signal: mine });
    if (!mine.aborted) set({ plans, planError: null });
  } catch (planError) {
    // The last good plan stays in sight: the rules may be half typed.
    if (!mine.aborted) set({ planError });
  }
}

/** The largest tensor that can be looked at. */
function largest({ tensors }: Opened): string {
  const readable = tensors.filter((tensor) => tensor.readable);
  if (readable.length === 0) return '';
  return readable.reduce((best, one) => (one.values > best.values ? one : best)).name;
}

/** Something that is measured, with progress; ends quietly when another file is taken. */
async function measured<T>(
  set: Update<State>,
  work: (options: {
    signal: AbortSignal;
    progress: (f: number, text: string) => void;
  }) => Promise<T>,
): Promise<T | null> {
  measuring.abort();
  const mine = new AbortController();
  measuring = mine;
  const current = () => measuring === mine;
  set({ surveying: { fraction: 0, text: 'Opening' } });
  try {
    const result = await work({
      signal: mine.signal,
      progress: (fraction, text) => current() && set({ surveying: { fraction, text } }),
    });
    if (!current()) return null;
    set({ surveying: null });
    return result;
  } catch (error) {
    if (current()) set({ surveying: null, ...(isAbort(error) ? {} : { error }) });
    return null;
  }
}

async function surveyAll(set: Update<State>): Promise<void> {
  const survey = await measured(set, (options) => client.call('survey', null, options));
  if (survey) set({ survey });
}

/** Nothing of what was measured holds any more. */
const unmeasured = {
  survey: null,
  exact: new Map(),
  whole: new Map(),
  plans: null,
  planError: null,
  result: null,
};

async function take(source: Source, set: Update<State>): Promise<void> {
  measuring.abort();
  planning.abort();
  const turn = ++taken;
  set({ ...unmeasured, error: null, source, model: null, tensor: '', notice: '', block: 0 });
  try {
    const model = await client.call('open', { source });
    if (turn !== taken) return;
    set({ model, tensor: largest(model) });
    plan(latest, set);
    await surveyAll(set);
  } catch (error) {
    if (turn === taken) set({ error });
  }
}

/** Takes an importance matrix, or none: then all is planned and measured again. */
async function weigh(file: File | null, set: Update<State>): Promise<void> {
  measuring.abort();
  set({ error: null, notice: '', weighing: true });
  try {
    const weighing = await client.call('weigh', { file });
    const importance = weighing && file ? { ...weighing, name: file.name } : null;
    set({ ...unmeasured, importance, weighing: false });
    plan(latest, set);
    await surveyAll(set);
  } catch (error) {
    set({ error, weighing: false });
  }
}

/** What was known with what was measured of all of a tensor. */
function withExact({ exact }: Pick<State, 'exact'>, measured: Measured): State['exact'] {
  const types = new Map(exact.get(measured.tensor));
  for (const one of measured.types) types.set(one.type, one);
  return new Map([...exact, [measured.tensor, types]]);
}

/** Every type on all of one tensor. */
async function measureTensor(state: State, set: Update<State>): Promise<void> {
  const name = state.tensor;
  const result = await measured(set, (options) => client.call('exact', { name }, options));
  if (!result) return;
  set({ exact: withExact(state, result), whole: new Map([...state.whole, [name, result]]) });
}

/** The types that tensors become on all of them, one after the other; what is done when it is cancelled stays. */
async function measureModel(state: State, set: Update<State>): Promise<void> {
  const { plans, model } = state;
  if (!plans || !model) return;
  const left = unknown(plans.chosen, model, state.exact);
  const bytes = sum(left.map(({ byteLength }) => byteLength));
  let { exact } = state;
  const problems: string[] = [];
  await measured(set, async ({ signal, progress }) => {
    let done = 0;
    for (const { name, type, byteLength } of left) {
      try {
        const share = (fraction: number, text: string) =>
          progress((done + fraction * byteLength) / bytes, text);
        const input = { name, types: [type] };
        const one = await client.call('exact', input, { signal, progress: share });
        if (signal.aborted) return;
        exact = withExact({ exact }, one);
        set({ exact });
      } catch (error) {
        // A tensor with NaN in it says nothing about the others.
        if (isAbort(error)) throw error;
        problems.push(`${name}: ${(error as Error).message}`);
      }
      done += byteLength;
    }
    if (problems.length > 0) throw new RangeError(problems.join('; '));
  });
}

/** Tensors to be converted of which not all was measured in their type. */
function unknown({ tensors }: Plan, model: Opened, exact: State['exact']) {
  const sources = new Map(model.tensors.map((tensor) => [tensor.name, tensor]));
  return tensors.flatMap(({ name, type }) => {
    const source = sources.get(name);
    if (!source?.readable || type === source.typeName || type === 'F32') return [];
    return exact.get(name)?.has(type) ? [] : [{ name, type, byteLength: source.byteLength }];
  });
}

function fileName({ source, type }: State): string {
  const model = source === 'example' ? 'example' : source.name;
  return `${model.replace(/\.(safetensors|gguf)$/i, '')}-${type}.gguf`;
}

async function shrink(state: State, set: Update<State>): Promise<void> {
  const name = fileName(state);
  cancelling = new AbortController();
  set({
    working: { fraction: 0, text: 'Starting the workers' },
    result: null,
    error: null,
    notice: '',
  });
  try {
    const shrunk = await client.call(
      'shrink',
      { options: optionsOf(state) },
      {
        signal: cancelling.signal,
        progress: (fraction, text) => set({ working: { fraction, text } }),
      },
    );
    set({ working: null, result: { ...shrunk, name } });
  } catch (error) {
    set({ working: null, ...(isAbort(error) ? { notice: 'Cancelled.' } : { error }) });
  }
}

/** What was measured of each tensor, of all of it where that was asked for. */
function measurements({ survey, exact, whole }: State): Map<string, Measured> {
  const all = new Map((survey?.measured ?? []).map((one) => [one.tensor, one]));
  for (const [name, one] of whole) all.set(name, one);
  for (const [name, types] of exact) {
    const one = all.get(name);
    if (!one) continue;
    all.set(name, { ...one, types: one.types.map((of) => types.get(of.type) ?? of) });
  }
  return all;
}

/** The root of noise over signal, in percent. */
interface Share {
  readonly value: number;
  readonly exact: boolean;
}

const relative = (noise: number, signal: number) =>
  noise === 0 ? 0 : 100 * Math.sqrt(noise / signal);

/** An error as a share; of a sample unless it says otherwise. */
const percentage = (share: Share | undefined) =>
  share === undefined
    ? '–'
    : html`${general(share.value, 3)} %${share.exact ? html`<small class="exact"> exact</small>` : nothing}`;

function errorOf(measured: Measured | undefined, type: string): Share | undefined {
  const found = measured?.types.find((one) => one.type === type);
  return found && { value: relative(found.noise, found.signal), exact: found.exact };
}

/** The error of all weights together that are converted. */
function errorOfPlan(
  { tensors }: Plan,
  model: Opened,
  all: Map<string, Measured>,
): Share | undefined {
  const sources = new Map(model.tensors.map((tensor) => [tensor.name, tensor]));
  let noise = 0;
  let signal = 0;
  let exact = true;
  for (const { name, type } of tensors) {
    const source = sources.get(name);
    const found = all.get(name)?.types.find((one) => one.type === type);
    // Norms are few but large: they would make the errors of all others look small.
    if (!source || !found || type === source.typeName) continue;
    noise += source.values * found.noise;
    signal += source.values * found.signal;
    exact &&= found.exact;
  }
  if (all.size === 0) return undefined;
  return signal > 0 ? { value: relative(noise, signal), exact } : { value: 0, exact: true };
}

/** Bits that a weight has in the mean over what is converted. */
function meanBits({ tensors }: Plan, model: Opened): number {
  const sources = new Map(model.tensors.map((tensor) => [tensor.name, tensor]));
  let bits = 0;
  let values = 0;
  for (const { name, type, byteLength } of tensors) {
    const source = sources.get(name);
    if (!source || type === source.typeName) continue;
    bits += 8 * byteLength;
    values += source.values;
  }
  return values > 0 ? bits / values : 0;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

function typesView(model: Opened, plans: Plans, all: Map<string, Measured>) {
  const shown = [...plans.byType].sort((a, b) => a.byteLength - b.byteLength);
  return table({
    caption:
      'The whole model in each type and mixture, with the rules below; the error of what is converted, measured on samples unless it says exact',
    named: true,
    columns: [
      { head: 'type', cells: shown.map(({ type }) => type) },
      {
        head: 'bits a weight',
        cells: shown.map((one) => general(meanBits(one, model), 4)),
        tone: 'stored',
      },
      { head: 'file', cells: shown.map((one) => byteSize(one.byteLength)), tone: 'stored' },
      { head: 'smaller', cells: shown.map((one) => ratio(model.byteLength / one.byteLength)) },
      {
        head: 'error',
        cells: shown.map((one) => percentage(errorOfPlan(one, model, all))),
        tone: 'returned',
      },
    ],
  });
}

function tensorsView(fb: Fewbits, model: Opened, plans: Plans, all: Map<string, Measured>) {
  const planned = new Map(plans.chosen.tensors.map((one) => [one.name, one]));
  const { tensors } = model;
  const types = Object.values(fb.ggml.types);
  return table({
    caption: `${count(tensors.length)} tensors: what they are, what they become, and the error that each type would leave`,
    named: true,
    columns: [
      { head: 'tensor', cells: tensors.map(({ name }) => name) },
      { head: 'shape', cells: tensors.map(({ shape }) => `[${shape.join(', ')}]`) },
      { head: 'type', cells: tensors.map(({ typeName }) => typeName), tone: 'original' },
      {
        head: 'size',
        cells: tensors.map(({ byteLength }) => byteSize(byteLength)),
        tone: 'original',
      },
      {
        head: 'becomes',
        cells: tensors.map(({ name }) => {
          const to = planned.get(name);
          return to?.type ?? 'dropped';
        }),
        tone: 'stored',
      },
      {
        head: 'size then',
        cells: tensors.map(({ name }) => byteSize(planned.get(name)?.byteLength ?? 0)),
        tone: 'stored',
      },
      {
        head: 'error then',
        cells: tensors.map(({ name, typeName }) => {
          const to = planned.get(name)?.type;
          if (to === typeName) return '0 %';
          return percentage(errorOf(all.get(name), to ?? ''));
        }),
        tone: 'returned',
      },
      {
        head: 'why',
        cells: tensors.map(({ name }) => {
          return html`<span class="reason">${planned.get(name)?.reason ?? 'dropped by a rule'}</span>`;
        }),
      },
      ...types.map(({ name: type, bitsPerWeight }) => ({
        head: `${type}, ${general(bitsPerWeight, 4)} bits`,
        cells: tensors.map(({ name }) => percentage(errorOf(all.get(name), type))),
        tone: 'returned' as const,
        marked: (row: number) => planned.get(tensors[row].name)?.type === type,
      })),
    ],
  });
}

function tensorView(fb: Fewbits, state: State, set: Update<State>) {
  const { tensor, block, sub } = state;
  const described = state.model?.tensors.find(({ name }) => name === tensor);
  const one = measurements(state).get(tensor);
  if (!described || !one) return nothing;
  const { importance } = state;
  const types = fb.ggml.types;
  const values = described.values;
  return html`
    ${facts([
      ['shape', `[${described.shape.join(', ')}]`],
      ['type', described.typeName, 'original'],
      [
        'measured on',
        one.exact ? `all ${count(values)}` : `${count(one.values)} of ${count(values)}`,
      ],
    ])}
    ${
      one.exact
        ? nothing
        : html`<p><button type="button" class="button" ?disabled=${state.surveying !== null}
            @click=${() => measureTensor(state, set)}>Measure all of it</button></p>`
    }
    ${table({
      caption: `${tensor} in each type`,
      named: true,
      columns: [
        { head: 'type', cells: one.types.map(({ type }) => type) },
        {
          head: 'bits a weight',
          cells: one.types.map(({ type }) => general(types[type].bitsPerWeight, 4)),
          tone: 'stored',
        },
        {
          head: 'size',
          cells: one.types.map(({ type }) => byteSize((values * types[type].bitsPerWeight) / 8)),
          tone: 'stored',
        },
        {
          head: importance ? 'error, weighted' : 'error',
          cells: one.types.map(({ type }) => percentage(errorOf(one, type))),
          tone: 'returned',
        },
        {
          head: 'mean squared error',
          cells: one.types.map(({ meanSquare }) => general(meanSquare)),
          tone: 'returned',
        },
        {
          head: 'largest error',
          cells: one.types.map(({ maxAbs }) => general(maxAbs, 4)),
          tone: 'returned',
        },
      ],
    })}
    ${one.bits && one.bits.values > 0 ? html`<h3>Its bits</h3>${bitsView(one.bits)}` : nothing}
    ${
      one.first.length > 0
        ? html`<h3>Its first blocks in Q4_K</h3>${blockView(fb, one.first, { block: Math.min(block, one.first.length / 256 - 1), sub }, set)}`
        : nothing
    }`;
}

function outcome(result: Made, { model }: State) {
  const { file, name } = result;
  return html`
    <h3>Done</h3>
    ${facts([
      ['before', byteSize(model?.byteLength ?? 0), 'original'],
      ['GGUF', byteSize(file.size), 'stored'],
      ['smaller', ratio((model?.byteLength ?? 0) / file.size), 'stored'],
      ['time', milliseconds(result.milliseconds)],
      ['workers', result.workers],
      ['WebAssembly memory', byteSize(result.memoryBytes)],
    ])}
    <p><button type="button" class="button main"
      @click=${() => download(name, file)}>Download, ${byteSize(file.size)}</button></p>`;
}

function importanceView(state: State, busy: boolean, set: Update<State>) {
  const { importance, plans, model } = state;
  if (!importance) return nothing;
  const converted = plans?.chosen.tensors.filter(({ name, type }) => {
    return model?.tensors.some((one) => one.name === name && one.typeName !== type);
  });
  return html`${facts([
    ['importance matrix', importance.name],
    ['tensors in it', count(importance.entries)],
    ['chunks', importance.chunks > 0 ? count(importance.chunks) : '–'],
    ['made from', importance.datasets.join(', ') || '–'],
    [
      'used for',
      plans && converted ? `${plans.chosen.weighted} of ${converted.length} tensors` : '–',
    ],
  ])}
  ${
    plans?.chosen.weighted === 0
      ? html`<p class="message">It names none of this model’s tensors: matrices are made for GGUF files, by the names in them.</p>`
      : nothing
  }
  <p><button type="button" class="button" ?disabled=${busy}
    @click=${() => weigh(null, set)}>Go without it</button></p>`;
}

const started: State = {
  source: 'example',
  model: null,
  weighing: false,
  importance: null,
  survey: null,
  exact: new Map(),
  whole: new Map(),
  surveying: null,
  type: 'Q4_K',
  rules: '',
  again: 'keep',
  plans: null,
  tensor: '',
  block: 0,
  sub: 0,
  working: null,
  result: null,
  error: null,
  planError: null,
  notice: '',
};

let begun = false;
/** As it is drawn now: options may change while a file is read. */
let latest = started;

live<State>('shrink', started, (fb, state, set) => {
  latest = state;
  if (!begun) {
    begun = true;
    take(state.source, set);
  }
  const { model, plans, survey, surveying, exact, whole, source, importance } = state;
  const busy = state.working !== null || state.weighing;
  const change = (chosen: Partial<State>) => {
    set({ ...chosen, result: null });
    // A model that is still read is planned with what is chosen by then.
    if (model) plan({ ...state, ...chosen }, set);
  };
  const quantized = model?.tensors.some(({ typeName }) => /Q\d|FP4/.test(typeName));
  return html`
    ${fileDrop({
      label: 'Drop a .safetensors or .gguf file here, or choose one',
      accept: '.safetensors,.gguf',
      disabled: busy,
      take: (file) => take(file, set),
    })}
    <p><button type="button" class="button" ?disabled=${busy || source === 'example'}
      @click=${() => take('example', set)}>Take a small model that is made here</button></p>
    ${
      model
        ? facts([
            [
              'model',
              source === 'example' ? 'two layers of random weights' : source.name,
              'original',
            ],
            ['format', model.format],
            ['tensors', count(model.tensors.length)],
            ['values', count(sum(model.tensors.map(({ values }) => values)))],
            ['size', byteSize(model.byteLength), 'original'],
          ])
        : nothing
    }
    ${fileDrop({
      label:
        'Drop an importance matrix of llama.cpp here if you have one (.gguf, .dat), or choose it',
      accept: '.gguf,.dat,.imatrix',
      disabled: busy || !model,
      take: (file) => weigh(file, set),
    })}
    ${importance ? importanceView(state, busy, set) : nothing}
    ${surveying ? progress({ ...surveying, cancel: () => measuring.abort() }) : nothing}
    ${
      model && !survey && !surveying
        ? html`<p><button type="button" class="button" @click=${() => surveyAll(set)}>Measure the errors</button></p>`
        : nothing
    }
    ${survey?.problems.map((problem) => html`<p class="message">${problem}</p>`)}
    ${guard([plans, survey, exact, whole], () => {
      const all = measurements(state);
      return model && plans ? typesView(model, plans, all) : nothing;
    })}
    ${
      model && plans && survey && unknown(plans.chosen, model, exact).length > 0
        ? html`<p><button type="button" class="button" ?disabled=${surveying !== null || busy || state.planError !== null}
            @click=${() => measureModel(state, set)}>Measure all of the model in ${state.type}</button></p>`
        : nothing
    }
    <div class="controls spaced">
      ${select({
        label: 'Type',
        options: [
          ...Object.values(fb.ggml.types).map(
            ({ name, bitsPerWeight }) =>
              [name as string, `${name}, ${general(bitsPerWeight, 4)} bits`] as const,
          ),
          ...mixtures.map((name) => [name, `${name}, a mixture`] as const),
        ],
        value: state.type,
        set: (type) => change({ type }),
      })}
      ${
        quantized
          ? choice({
              label: 'What is quantized already',
              options: [['keep', 'keep'] as const, ['convert', 'convert again'] as const],
              value: state.again,
              set: (again) => change({ again }),
            })
          : nothing
      }
      <label class="field full">
        <span class="name">Rules, one a line: pattern = type, keep or drop</span>
        <textarea rows="3" spellcheck="false" autocomplete="off" placeholder="*embed* = Q8_0"
          aria-invalid=${state.planError ? 'true' : nothing}
          .value=${state.rules}
          @input=${(event: Event) => change({ rules: (event.target as HTMLTextAreaElement).value })}></textarea>
      </label>
      <button type="button" class="button main" ?disabled=${!plans || busy || state.planError !== null}
        @click=${() => shrink(state, set)}>Make the GGUF</button>
      ${plans ? html`<span class="field"><span class="name">It will have</span><span class="row"><output>${byteSize(plans.chosen.byteLength)}</output></span></span>` : nothing}
    </div>
    ${state.planError ? message(state.planError) : nothing}
    ${state.working ? progress({ ...state.working, cancel: () => cancelling.abort() }) : nothing}
    <p class="sr-only" role="status">${state.result ? 'Done: the GGUF file can be downloaded' : state.notice}</p>
    ${state.notice ? html`<p aria-hidden="true">${state.notice}</p>` : nothing}
    ${state.error ? message(state.error) : nothing}
    ${state.result ? outcome(state.result, state) : nothing}
    ${guard([plans, survey, exact, whole], () => {
      const all = measurements(state);
      return model && plans ? html`<h3>Tensors</h3>${tensorsView(fb, model, plans, all)}` : nothing;
    })}
    ${
      model && survey
        ? html`<h3>One tensor</h3>
          <div class="controls">${select({
            label: 'Look at',
            options: survey.measured.map(({ tensor }) => [tensor, tensor] as const),
            value: state.tensor,
            set: (tensor) => set({ tensor, block: 0 }),
          })}</div>
          ${guard([survey, exact, whole, state.tensor, state.block, state.sub, surveying === null], () => tensorView(fb, state, set))}`
        : nothing
    }`;
});
