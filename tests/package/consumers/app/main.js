// A page that uses the package directly and in a worker.

import { load, support } from 'fewbits';
import { check } from '../check.mjs';

globalThis.run = () => check(load, support);

globalThis.runInWorker = () =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message || 'the worker failed'));
  });
