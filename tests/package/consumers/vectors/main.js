// A page that loads only the index.

import { search } from './search.mjs';

globalThis.run = search;
