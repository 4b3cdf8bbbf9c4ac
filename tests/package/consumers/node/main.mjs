// A program for Node that checks the package as the pages do.

import { load, support } from 'fewbits';
import { check } from '../check.mjs';

console.log(JSON.stringify(await check(load, support)));
