// A program for Node that loads the index alone.

import { search } from './search.mjs';

console.log(JSON.stringify(await search()));
