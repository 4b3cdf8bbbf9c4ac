// The page's worker: quantizes values, and simulates errors against bits.

import { type Fewbits, load } from 'fewbits';
import { serve, type Work } from '../../shared/worker.ts';
import { open } from '../compress/source.ts';
import { evenCodebook, type MethodName, optionsOf } from './methods.ts';
import { draw, type SourceName } from './sources.ts';

export interface Choice {
  readonly source:
    | { readonly name: SourceName; readonly loc: number; readonly scale: number }
    | File;
  readonly method: MethodName;
  readonly assumed: string;
  readonly bits: number;
  readonly bestBeta: boolean;
}

export interface Quantized {
  /** The array of the file, or ''. */
  readonly name: string;
  readonly length: number;
  readonly byteLength: number;
  /** The assumed or chosen distribution; null where there is none. */
  readonly dist: string | null;
  readonly loc: number;
  readonly scale: number;
  readonly beta: number;
  readonly mse: number;
  readonly mae: number;
  readonly sqnrDb: number;
  readonly min: number;
  readonly max: number;
  readonly thresholds: Float32Array;
  readonly levels: Float32Array;
  /** The number of values in each cell. */
  readonly counts: Float64Array;
  /** The range of the plot: all but a thousandth of the values, in equal parts. */
  readonly low: number;
  readonly high: number;
  readonly bins: Float64Array;
}

/** Mean absolute and mean squared errors; null where a method is not available. */
export interface Curve {
  readonly label: string;
  readonly mae: readonly (number | null)[];
  readonly mse: readonly (number | null)[];
}

export interface Simulation {
  readonly source: SourceName;
  readonly curves: readonly Curve[];
}

/** The number of values to draw, and the most to read from a file. */
const DRAWN = 100_000;
const READ = 1_000_000;
const BINS = 100;
export const SIMULATED = ['gaussian', 'logistic', 'gumbel', 'exponential'] as const;
export const MAX_BITS = 20;
/** The most bits of each kind of method. */
const FORMULA_BITS = 16;
const FITTED_BITS = 8;
/** Above this number of bits the best beta is near 1, and the search takes long. */
const SEARCHED_BITS = 10;

async function valuesOf(source: Choice['source']) {
  if (!(source instanceof File)) {
    return { name: '', x: draw(source.name, DRAWN, source) };
  }
  const arrays = await open(source);
  if (arrays.length === 0) throw new RangeError('this file holds no array of numbers');
  const largest = arrays.reduce((best, one) => (one.length > best.length ? one : best));
  if (largest.length === 0) throw new RangeError('the array is empty');
  return { name: largest.name, x: await largest.read(0, Math.min(READ, largest.length)) };
}

function rangeOf(sorted: Float32Array): [number, number] {
  return [sorted[0], sorted[sorted.length - 1]];
}

/** The range of all but a thousandth of the values, never empty. */
function shownOf(sorted: Float32Array): [number, number] {
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  const [low, high] = [at(0.0005), at(0.9995)];
  return high > low ? [low, high] : [low - 0.5, high + 0.5];
}

function histogram(x: Float32Array, low: number, high: number): Float64Array {
  const bins = new Float64Array(BINS);
  const perUnit = BINS / (high - low);
  for (const value of x) {
    const bin = Math.floor((value - low) * perUnit);
    if (bin >= 0 && bin < BINS) bins[bin]++;
  }
  return bins;
}

/** One value per number of bits, as far as the method goes. */
const far = (values: readonly number[]): (number | null)[] =>
  Array.from({ length: MAX_BITS }, (_, i) => values[i] ?? null);

const flat = (value: number) => new Array<number>(MAX_BITS).fill(value);

function floatCurve(fb: Fewbits, x: Float32Array, type: 'f16' | 'bf16', label: string): Curve {
  const y = fb.floats.decode(fb.floats.encode(x, type), type, x.length);
  const { mae, mse } = fb.compare(x, y);
  return { label, mae: flat(mae), mse: flat(mse) };
}

function integerCurve(fb: Fewbits, x: Float32Array): Curve {
  const q = fb.uniform.quantize(x, { bits: 8, scheme: 'asymmetric' });
  const { mae, mse } = fb.compare(x, fb.uniform.dequantize(q));
  return { label: '8-bit integers', mae: flat(mae), mse: flat(mse) };
}

/**
 * The bound that no code with a number of bits b can go below (Shannon 1959): the variance over 4^b for the
 * squared error, and for the absolute error 2^(h - b) / 2e with the entropy h of the Gaussian.
 */
const shannon: Curve = {
  label: 'Shannon bound',
  mae: Array.from({ length: MAX_BITS }, (_, i) => Math.sqrt(Math.PI / (2 * Math.E)) / 2 ** (i + 1)),
  mse: Array.from({ length: MAX_BITS }, (_, i) => 4 ** -(i + 1)),
};

const calls = {
  /** Quantizes values that are drawn or read, and describes the quantizer. */
  async quantize(choice: Choice, work: Work): Promise<Quantized> {
    const fb = await load();
    const { name, x } = await valuesOf(choice.source);
    await work.checkpoint();
    const sorted = x.slice().sort();
    const [min, max] = rangeOf(sorted);
    const { method, assumed, bits, bestBeta } = choice;
    const options = optionsOf(method, assumed, bits, bestBeta, [min, max]);
    const { data, info } = fb.distributional.quantize(x, options);
    await work.checkpoint();
    const plain = fb.distributional.quantize(x, {
      codebook: fb.distributional.codebook(info),
      packbits: false,
    });
    const counts = new Float64Array(info.n);
    for (const code of plain.data as Uint8Array) counts[code]++;
    const { mse, mae, sqnrDb } = fb.compare(x, fb.distributional.dequantize(data, info));
    const [low, high] = shownOf(sorted);
    return {
      name,
      length: x.length,
      byteLength: data.byteLength,
      dist: method === 'uniform' ? null : info.dist,
      loc: info.loc,
      scale: info.scale,
      beta: info.beta,
      mse,
      mae,
      sqnrDb,
      min,
      max,
      ...fb.distributional.codebook(info),
      counts,
      low,
      high,
      bins: histogram(x, low, high),
    };
  },

  /** Simulates the error of every method against bits, on values of four distributions. */
  async simulate({ length }: { length: number }, work: Work): Promise<Simulation[]> {
    const fb = await load();
    const all: Simulation[] = [];
    const steps = SIMULATED.length * FORMULA_BITS;
    for (const [at, source] of SIMULATED.entries()) {
      const x = draw(source, length, { seed: 10 + at });
      const [least, largest] = rangeOf(x.slice().sort());
      const made = {
        even: [] as { mae: number; mse: number }[],
        absolute: [] as { mae: number; mse: number }[],
        squared: [] as { mae: number; mse: number }[],
        fitted: [] as { mae: number; mse: number }[],
      };
      const errors = (options: Parameters<typeof fb.distributional.quantize>[1]) => {
        const { info } = fb.distributional.quantize(x, { ...options, packbits: false });
        return { mae: info.abs_error, mse: info.mse ?? 0 };
      };
      for (let k = 1; k <= FORMULA_BITS; k++) {
        work.progress((at * FORMULA_BITS + k - 1) / steps, `${source}, ${k} bits`);
        await work.checkpoint();
        made.even.push(errors({ codebook: evenCodebook(2 ** k, least, largest) }));
        const beta = k <= SEARCHED_BITS ? null : 1;
        made.absolute.push(errors({ k, dist: source, beta, p: 1 }));
        made.squared.push(errors({ k, dist: source, beta, p: 2 }));
        if (k <= FITTED_BITS) {
          made.fitted.push(
            errors(source === 'gaussian' ? { k, method: 'lloyd-max' } : { k, method: 'kmeans' }),
          );
        }
      }
      const curve = (label: string, results: { mae: number; mse: number }[]): Curve => ({
        label,
        mae: far(results.map(({ mae }) => mae)),
        mse: far(results.map(({ mse }) => mse)),
      });
      all.push({
        source,
        curves: [
          curve('uniform', made.even),
          {
            label: 'distributional',
            // Each error with the quantizer that is optimal for it.
            mae: curve('', made.absolute).mae,
            mse: curve('', made.squared).mse,
          },
          curve('Lloyd-Max', made.fitted),
          floatCurve(fb, x, 'f16', 'float16'),
          floatCurve(fb, x, 'bf16', 'bfloat16'),
          integerCurve(fb, x),
          ...(source === 'gaussian' ? [shannon] : []),
        ],
      });
    }
    return all;
  },
};

export type DistributionalCalls = typeof calls;
serve(calls);
