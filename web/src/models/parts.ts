// Joining of models in several files: the parts of a split GGUF file, or the shards of a safetensors model.

import { corrupt, invalid, quote } from '../io/checks.js';
import type { GgufEntryInput } from '../io/gguf/write.js';
import type { Model, ModelTensor } from './model.js';

/**
 * Joins all parts to one model. A single file must be a whole model, and is returned without the keys of a
 * split.
 */
export function joinParts(parts: readonly Model[]): Model {
  const [first] = parts;
  if (first === undefined) throw invalid('a model needs a file at least, got an empty array');
  if (parts.some(({ format }) => format !== first.format))
    throw invalid('the files of a model must all be GGUF or all safetensors');
  const inOrder = first.format === 'gguf' ? sortSplit(parts) : parts;
  if (parts.length === 1) return { ...first, metadata: first.metadata.filter(isWhole) };
  const owner = new Map<string, Model>();
  for (const part of inOrder) {
    for (const { name } of part.tensors) {
      if (owner.has(name)) throw corrupt(`the tensor ${quote(name)} appears twice in the files`);
      owner.set(name, part);
    }
  }
  const metadata = new Map<string, GgufEntryInput>();
  for (const entry of inOrder.flatMap((part) => part.metadata)) {
    if (isWhole(entry) && !metadata.has(entry.key)) metadata.set(entry.key, entry);
  }
  return {
    format: first.format,
    tensors: inOrder.flatMap((part) => part.tensors),
    metadata: [...metadata.values()],
    read: (tensor: ModelTensor, start, length, into) =>
      (owner.get(tensor.name) ?? first).read(tensor, start, length, into),
  };
}

const SPLIT_KEYS = ['split.no', 'split.count', 'split.tensors.count'];
const isWhole = ({ key }: GgufEntryInput): boolean => !SPLIT_KEYS.includes(key);

function splitOf({ metadata }: Model): { no: number; count: number; tensors: number | undefined } {
  const number = (key: string) => {
    const value = metadata.find((entry) => entry.key === key)?.value;
    return value === undefined ? undefined : Number(value);
  };
  const [no, count, tensors] = SPLIT_KEYS.map(number);
  return { no: no ?? 0, count: count ?? 1, tensors };
}

/** Sorts the parts by number; missing, surplus and foreign parts are refused. */
function sortSplit(parts: readonly Model[]): readonly Model[] {
  const split = parts.map(splitOf);
  const count = split[0]?.count ?? 1;
  if (split.some((one) => one.count !== count))
    throw invalid('the files are not the parts of one split model: they say different counts');
  if (!(count > 1) && parts.length === 1) return parts;
  if (!(count > 1))
    throw invalid(`${parts.length} GGUF files that are no parts of a split model: give one`);
  const byNumber = new Map(split.map(({ no }, i) => [no, parts[i] as Model]));
  const missing = Array.from({ length: count }, (_, no) => no).filter((no) => !byNumber.has(no));
  if (missing.length > 0 || parts.length !== count) {
    const given = split.map(({ no }) => no + 1).join(', ');
    throw invalid(
      `the model is split into ${count} parts, given ${parts.length === 1 ? 'is part' : 'are parts'} ${given}: ` +
        `give all ${count}, as an array of files`,
    );
  }
  const sorted = Array.from({ length: count }, (_, no) => byNumber.get(no) as Model);
  const promised = split.find(({ tensors }) => tensors !== undefined)?.tensors;
  const found = sorted.reduce((sum, { tensors }) => sum + tensors.length, 0);
  if (promised !== undefined && promised !== found)
    throw corrupt(`the parts hold ${found} tensors, they say that there are ${promised}`);
  return sorted;
}
