// The file of a plan, converted and yielded in pieces.

import { options as known } from '../core/arguments.js';
import { FewbitsError } from '../core/errors.js';
import { checkSignal } from '../core/signal.js';
import { describe, invalid, quote } from '../io/checks.js';
import { streamGguf } from '../io/gguf/write.js';
import { chunksOf, type DoneChunk } from './chunks.js';
import type { Converter } from './convert.js';
import type { Model } from './model.js';
import type { ModelPlan, PlannedTensor } from './plan.js';

export interface ModelProgress {
  /** The tensor whose bytes were just yielded. */
  readonly tensor: string;
  readonly tensorsDone: number;
  readonly tensors: number;
  /** Bytes of the source's tensors. */
  readonly bytesDone: number;
  readonly bytes: number;
}

export interface QuantizeModelOptions {
  converter: Converter;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ModelProgress) => void) | undefined;
  /** Called for tensors that lost some of their smallest values; those that lost too much are refused. */
  onWarning?: ((message: string) => void) | undefined;
  /**
   * Whether pieces may use memory that is overwritten when the next one is requested: for callers that write
   * or copy each piece at once. Default false; then the garbage collector has to free as much memory as the
   * file is large.
   */
  transient?: boolean | undefined;
}

/**
 * Writes the GGUF file of a plan in pieces, tensor by tensor. Only a few chunks of rows are in memory at a
 * time: two more than the converter works on.
 *
 * Only finite values are written, except for tensors that a rule keeps.
 *
 * @throws FewbitsError INVALID_ARGUMENT for unknown options or an invalid converter, NON_FINITE with the
 *   tensor's name for values that are not finite or that its type cannot hold, UNSUPPORTED for a tensor that
 *   its type cannot hold because it is too small, CORRUPT_DATA when the source ends early; the signal's
 *   reason when it is aborted
 */
export async function* quantizeModel(
  model: Model,
  plan: ModelPlan,
  options: QuantizeModelOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { converter, signal, onProgress, onWarning, transient = false } = checkOptions(options);
  const bytes = plan.tensors.reduce((sum, { source }) => sum + source.byteLength, 0);
  let bytesDone = 0;
  let tensorsDone = 0;
  const chunks = chunksOf(model, plan.tensors, converter, signal);

  async function* pieces(planned: PlannedTensor) {
    const loss = { squares: 0, lostSquares: 0 };
    // Counts bytes to find the end of the tensor, since the queue already continues with the next one.
    for (let left = planned.byteLength; left > 0; ) {
      signal?.throwIfAborted();
      const { value, done } = await chunks.results.next();
      if (done) return;
      signal?.throwIfAborted();
      left -= value.bytes.length;
      bytesDone += value.chunk.length;
      loss.squares += value.squares;
      loss.lostSquares += value.lostSquares;
      yield value.bytes as Uint8Array<ArrayBuffer>;
      if (transient) chunks.reuse(value);
      if (left <= 0) tensorsDone++;
      const tensor = planned.name;
      onProgress?.({ tensor, tensorsDone, tensors: plan.tensors.length, bytesDone, bytes });
    }
    if (planned.byteLength === 0) tensorsDone++;
    checkLoss(planned, loss, onWarning);
  }

  let next = 0;
  try {
    yield* streamGguf(plan.gguf, () => pieces(plan.tensors[next++] as PlannedTensor));
  } finally {
    await chunks.results.return();
  }
}

function checkOptions(given: QuantizeModelOptions): QuantizeModelOptions {
  const names = ['converter', 'signal', 'onProgress', 'onWarning', 'transient'];
  const options = known<QuantizeModelOptions>('options', given, names);
  if (typeof options.converter?.convert !== 'function') {
    throw invalid(
      `converter must be what createConverter(fb) or createConverterPool() gives, got ${describe(options.converter)}`,
    );
  }
  checkSignal(options.signal);
  return options;
}

/**
 * Shares of the squares of a tensor's values that are lost to the scales: from when to warn, and to refuse.
 */
const NOTICED = 0.01;
const TOO_MUCH = 0.1;

/** Warns about or refuses a tensor whose values are too small for its type and would become zeros. */
function checkLoss(
  { source, to }: PlannedTensor,
  { squares, lostSquares }: Pick<DoneChunk, 'squares' | 'lostSquares'>,
  onWarning: QuantizeModelOptions['onWarning'],
): void {
  const share = squares > 0 ? lostSquares / squares : 0;
  if (share < NOTICED) return;
  const lost =
    `tensor ${quote(source.name)}: ${to} turns weights to zero that are too small for its scales, ` +
    `${(100 * share).toFixed(0)} % of all by their squares`;
  if (share >= TOO_MUCH)
    throw new FewbitsError('UNSUPPORTED', `${lost}; give it another type, such as Q4_K or BF16`);
  onWarning?.(lost);
}
