// The learned state of an index: enough to create another one whose codes mean the same.

import type { Core } from '../core/core.js';
import type { Fit, Segment, Settings } from './functions.js';
import { NativeIndex } from './native.js';

/** The transform of vectors before they are coded. */
export interface Transform {
  readonly mean: Float32Array | null;
  readonly learned: { readonly matrix: Float32Array; readonly segments: Segment[] } | null;
  /** The expected fit of codes; nothing seen yet. */
  readonly fit?: Fit | undefined;
}

export function transformOf(index: NativeIndex): Transform {
  const { mean, matrix } = index;
  const fit = { ...index.fit, seen: 0, count: 0 };
  return { mean, fit, learned: matrix === null ? null : { matrix, segments: index.segments } };
}

/** Creates an index without rows. */
export function createEmpty(core: Core, settings: Settings, transform: Transform): NativeIndex {
  const index = new NativeIndex(core, settings);
  try {
    const { mean, learned, fit } = transform;
    if (mean !== null) index.setMean(mean);
    if (learned !== null) index.setTransform(learned.matrix, learned.segments);
    if (fit !== undefined) index.fit = fit;
    return index;
  } catch (error) {
    index.dispose();
    throw error;
  }
}
