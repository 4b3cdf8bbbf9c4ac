// The actions of the page's buttons: files are read, measured, planned and converted in a worker, and the
// state follows.

import type { ModelPlanOptions, TensorRule } from 'fewbits/models';
import type { Update } from '../../shared/live.ts';
import { Client, isAbort } from '../../shared/worker.ts';
import { sum, unknown } from './costs.ts';
import type { Measured } from './measure.ts';
import { type State, started, unmeasured } from './state.ts';
import type { Opened, ShrinkCalls, Source } from './work.ts';

const client = new Client<ShrinkCalls>(
  () => new Worker(new URL('./work.ts', import.meta.url), { type: 'module' }),
);
let measuring = new AbortController();
let cancelling = new AbortController();
/** Only the newest plan counts. */
let planning = new AbortController();
let taken = 0;
/** The state as it is drawn: options may change while a file is read. */
let latest = started;

/** Records the state that is drawn now. */
export function follow(state: State): void {
  latest = state;
}

export const stopMeasuring = () => measuring.abort();
export const stopWorking = () => cancelling.abort();

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

export async function plan(state: State, set: Update<State>): Promise<void> {
  planning.abort();
  planning = new AbortController();
  const mine = planning.signal;
  try {
    const plans = await client.call('plan', { options: optionsOf(state) }, { signal: mine });
    if (!mine.aborted) set({ plans, planError: null });
  } catch (planError) {
    // The last valid plan stays visible, as the rules may be half typed.
    if (!mine.aborted) set({ planError });
  }
}

/** The largest tensor that can be read. */
function largest({ tensors }: Opened): string {
  const readable = tensors.filter((tensor) => tensor.readable);
  if (readable.length === 0) return '';
  return readable.reduce((best, one) => (one.values > best.values ? one : best)).name;
}

/** Runs a measurement with progress; it ends silently when another file is taken. */
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

export async function surveyAll(set: Update<State>): Promise<void> {
  const survey = await measured(set, (options) => client.call('survey', null, options));
  if (survey) set({ survey });
}

export async function take(source: Source, set: Update<State>): Promise<void> {
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

/** Sets an importance matrix, or none: everything is planned and measured again. */
export async function weigh(file: File | null, set: Update<State>): Promise<void> {
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

/** Adds the measurement of a whole tensor to those known. */
function withExact({ exact }: Pick<State, 'exact'>, measured: Measured): State['exact'] {
  const types = new Map(exact.get(measured.tensor));
  for (const one of measured.types) types.set(one.type, one);
  return new Map([...exact, [measured.tensor, types]]);
}

/** Measures every type on all of one tensor. */
export async function measureTensor(state: State, set: Update<State>): Promise<void> {
  const name = state.tensor;
  const result = await measured(set, (options) => client.call('exact', { name }, options));
  if (!result) return;
  set({ exact: withExact(state, result), whole: new Map([...state.whole, [name, result]]) });
}

/**
 * Measures the planned types on all of their tensors, one after another; results so far stay when it is
 * cancelled.
 */
export async function measureModel(state: State, set: Update<State>): Promise<void> {
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
        // A tensor with NaN does not prevent measuring the others.
        if (isAbort(error)) throw error;
        problems.push(`${name}: ${(error as Error).message}`);
      }
      done += byteLength;
    }
    if (problems.length > 0) throw new RangeError(problems.join('; '));
  });
}

function fileName({ source, type }: State): string {
  const model = source === 'example' ? 'example' : source.name;
  return `${model.replace(/\.(safetensors|gguf)$/i, '')}-${type}.gguf`;
}

export async function shrink(state: State, set: Update<State>): Promise<void> {
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
