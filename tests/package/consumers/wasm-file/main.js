// A page that passes the address of the .wasm to load().

import { load, support } from 'fewbits';
import file from 'fewbits/fewbits.simd128.wasm';
import { check } from '../check.mjs';

const wasm = new URL(file, import.meta.url);

globalThis.run = () => check(() => load({ wasm }), support);
