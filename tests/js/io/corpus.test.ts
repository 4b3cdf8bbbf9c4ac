// The corpus of the fuzzers: each file is read or refused, as when it was found.

import { expect, it } from 'vitest';
import { corpusOf } from '../../fuzz/corpus.mjs';
import { gguf, imatrix, npy, npz, safetensors } from '../../fuzz/io-targets.mjs';

it.each(Object.entries({ npy, npz, safetensors, gguf, imatrix }))(
  'what fuzzing found stays refused or sound: %s',
  async (format, target) => {
    const corpus = corpusOf(format);
    expect(corpus.length).toBeGreaterThan(10);
    for (const bytes of corpus) expect(await target(bytes)).toBeTypeOf('string');
  },
);
