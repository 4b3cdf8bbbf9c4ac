// The worker of the page, with a library of its own.

import { load, support } from 'fewbits';
import { check } from '../check.mjs';

check(load, support).then((results) => postMessage(results));
