// The worker of the page under that policy.

import { check } from '../check.mjs';
import { load, support } from '../node_modules/fewbits/dist/index.js';

check(load, support).then((results) => postMessage(results));
