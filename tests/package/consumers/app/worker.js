// The worker of the page, which loads the library itself.

import { load, support } from 'fewbits';
import { check } from '../check.mjs';

check(load, support).then((results) => postMessage(results));
