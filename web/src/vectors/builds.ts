// The builds for indexes, which have no glue: all of an index, and what searches one.

import type { PlainBuild } from '../core/plain.js';
import { stamp as searchStamp } from '../wasm/search.mjs';
import { stamp as vectorsStamp } from '../wasm/vectors.mjs';
import { NUMBERS, SEARCH_NUMBERS, SEARCH_STRUCTURES, STRUCTURES } from './structures.js';

export const VECTORS_BUILD: PlainBuild = {
  name: 'vectors',
  stamp: vectorsStamp,
  numbers: NUMBERS,
  structures: STRUCTURES,
};

export const SEARCH_BUILD: PlainBuild = {
  name: 'search',
  stamp: searchStamp,
  numbers: SEARCH_NUMBERS,
  structures: SEARCH_STRUCTURES,
};
