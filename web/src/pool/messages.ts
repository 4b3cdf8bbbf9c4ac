import { FewbitsError, type FewbitsErrorCode } from '../core/errors.js';
import { Shard } from './shard.js';

/** What a worker can be asked to do. */
export type Method = {
  [M in keyof Shard]: Shard[M] extends (...args: never[]) => unknown ? M : never;
}[keyof Shard];

export interface Request {
  readonly call: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

/** Its answer. An error without a code is one that should not be: the worker is not to be used again. */
export type Answer = { readonly call: number } & (
  | { readonly value: unknown }
  | { readonly error: { readonly code?: FewbitsErrorCode; readonly message: string } }
);

/** The buffers of arrays in a value: they are moved, not copied. */
function buffersOf(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(buffersOf);
}

/** What a worker does with a request. */
export function createAnswerer(
  reply: (answer: Answer, transfer: ArrayBuffer[]) => void,
): (request: Request) => void {
  const shard = new Shard();
  return ({ call, method, args }) => {
    try {
      const work = shard[method] as (...args: readonly unknown[]) => unknown;
      const value = work.apply(shard, [...args]);
      reply({ call, value }, buffersOf(value));
    } catch (error) {
      reply({ call, error: describeError(error) }, []);
    }
  };
}

function describeError(error: unknown): { code?: FewbitsErrorCode; message: string } {
  if (error instanceof FewbitsError) return { code: error.code, message: error.message };
  // What engines throw when there is no room for an array; the index takes back what it began.
  if (error instanceof RangeError) return { code: 'OUT_OF_MEMORY', message: error.message };
  return { message: String(error) };
}
