// A page that loads the index alone.

import { search } from './search.mjs';

globalThis.run = search;
