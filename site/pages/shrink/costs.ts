// The costs of types: errors of tensors and of whole plans, from measurements, and bits per weight.

import type { Measured } from './measure.ts';
import type { State } from './state.ts';
import type { Opened, Plan } from './work.ts';

export const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** The tensors to convert that have not been fully measured in their type. */
export function unknown({ tensors }: Plan, model: Opened, exact: State['exact']) {
  const sources = new Map(model.tensors.map((tensor) => [tensor.name, tensor]));
  return tensors.flatMap(({ name, type }) => {
    const source = sources.get(name);
    if (!source?.readable || type === source.typeName || type === 'F32') return [];
    return exact.get(name)?.has(type) ? [] : [{ name, type, byteLength: source.byteLength }];
  });
}

/** The measurements of each tensor, of the whole tensor where available. */
export function measurements({ survey, exact, whole }: State): Map<string, Measured> {
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
export interface Share {
  readonly value: number;
  readonly exact: boolean;
}

const relative = (noise: number, signal: number) =>
  noise === 0 ? 0 : 100 * Math.sqrt(noise / signal);

export function errorOf(measured: Measured | undefined, type: string): Share | undefined {
  const found = measured?.types.find((one) => one.type === type);
  return found && { value: relative(found.noise, found.signal), exact: found.exact };
}

/** The error over all converted weights. */
export function errorOfPlan(
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

/** The mean number of bits per converted weight. */
export function meanBits({ tensors }: Plan, model: Opened): number {
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
