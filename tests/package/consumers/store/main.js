// A page that keeps an index, controlled by the tests of the store.

import { actions } from './actions.js';

globalThis.actions = actions;

/** Workers by name, kept for later actions. */
const workers = new Map();
globalThis.inWorker = (action, input, name = 'one') => {
  let worker = workers.get(name);
  if (!worker) {
    worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    workers.set(name, worker);
  }
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) =>
      data.error ? reject(new Error(data.error)) : resolve(data.result);
    worker.onerror = (event) => reject(new Error(event.message || 'the worker failed'));
    worker.postMessage({ action, input });
  });
};
globalThis.terminate = (name = 'one') => {
  workers.get(name)?.terminate();
  workers.delete(name);
};
