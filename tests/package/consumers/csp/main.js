// A page under a policy that forbids code from strings.

import { check } from '../check.mjs';
import { load, support } from '../node_modules/fewbits/dist/index.js';

globalThis.run = () => check(load, support);

globalThis.runInWorker = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message || 'the worker failed'));
  });
