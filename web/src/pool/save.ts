// The file of a pool, collected from its workers.

import { FewbitsError } from '../core/errors.js';
import { planFile, writeChecksum } from '../vectors/file.js';
import type { RowSizes } from '../vectors/functions.js';
import { checksum } from '../vectors/native-search.js';
import type { PoolState } from './state.js';
import type { Turns } from './turns.js';

/** Bytes of a row array that are requested at a time. */
const WINDOW_BYTES = 1 << 22;

/**
 * Writes the file of a pool piece by piece, after passing its length to `begin`. It holds a turn as a reader
 * until it is complete or abandoned.
 */
export async function* savePieces(
  state: PoolState,
  turns: Turns,
  begin: (byteLength: number) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  state.check();
  const compacted = turns.write(() => {
    state.checkAll();
    return state.compact();
  });
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  state.saves.add(finish);
  const entered = new Promise<void>((resolve) => {
    void turns.read(() => {
      resolve();
      return finished;
    });
  });
  try {
    await compacted;
    await entered;
    state.checkAll();
    const plan = planFile(state.empty, state.ids);
    begin(plan.byteLength);
    let sum = 0;
    for (const part of plan.parts) {
      const pieces = typeof part === 'string' ? rowPieces(state, part) : part;
      for await (const piece of pieces) {
        state.check();
        sum = checksum(state.core, sum, piece);
        yield piece as Uint8Array<ArrayBuffer>;
      }
    }
    yield writeChecksum(sum);
    state.places.setSaved(sum);
  } finally {
    state.saves.delete(finish);
    finish();
  }
}

/** Joins the pieces of a file. */
export async function joined(
  pieces: (begin: (byteLength: number) => void) => AsyncIterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  let file = new Uint8Array();
  let offset = 0;
  const begin = (length: number) => {
    try {
      file = new Uint8Array(length);
    } catch (cause) {
      throw new FewbitsError('OUT_OF_MEMORY', 'no room for the file of the pool', { cause });
    }
  };
  for await (const piece of pieces(begin)) {
    file.set(piece, offset);
    offset += piece.length;
  }
  return file;
}

/** All rows of an array, in the order of the pool. */
async function* rowPieces(
  state: PoolState,
  array: keyof RowSizes,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { places } = state;
  const size = state.empty.rowSizes[array];
  const step = Math.max(1, Math.floor(WINDOW_BYTES / size));
  for (let first = 0; first < places.length; first += step) {
    const last = Math.min(places.length, first + step);
    const parts = await state.everywhere((remote, shard) => {
      const { start, end } = places.rangeIn(shard, first, last);
      return remote.call('export', [array, start, end]);
    });
    const piece = new Uint8Array((last - first) * size);
    const used = parts.map(() => 0);
    for (let row = first; row < last; ) {
      const shard = places.shardOf(row);
      let end = row + 1;
      while (end < last && places.shardOf(end) === shard) end++;
      const from = used[shard];
      used[shard] += (end - row) * size;
      piece.set(parts[shard].subarray(from, used[shard]), (row - first) * size);
      row = end;
    }
    yield piece;
  }
}
