// A program for Node that loads only the index.

import { search } from './search.mjs';

console.log(JSON.stringify(await search()));
