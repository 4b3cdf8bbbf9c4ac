import { load, support } from 'fewbits';
import { check } from '../check.mjs';

check(load, support).then((results) => postMessage(results));
