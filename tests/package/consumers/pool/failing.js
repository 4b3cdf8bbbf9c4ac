// Workers that do not start, for each function that starts some; and one that awaits something first.

import { createConverterPool } from 'fewbits/models';
import { createPool } from 'fewbits/pool';
import { Client } from 'fewbits/rpc';

const startTimeout = 500;

const starts = {
  pool: (createWorker) =>
    createPool({ dims: 2, workers: 1, startTimeout, createWorker }).then((pool) => pool.dispose()),
  async models(createWorker) {
    const pool = createConverterPool({ workers: 1, startTimeout, createWorker });
    try {
      await pool.convert({ bytes: new Uint8Array(4), from: 'F32', to: 'F16', rowLength: 1 });
    } finally {
      pool.dispose();
    }
  },
  rpc: (createWorker) => new Client(createWorker, { startTimeout }).call('anything'),
};

const outcome = (work) =>
  work.then(
    () => 'passed',
    ({ code, message }) => ({ code, message }),
  );

globalThis.run = async () => {
  const at = (name) => new URL(name, location.href);
  const empty = URL.createObjectURL(new Blob([''], { type: 'text/javascript' }));
  const late = (name) =>
    URL.createObjectURL(
      new Blob(
        [
          `await new Promise((resolve) => setTimeout(resolve, 100));
           await import(${JSON.stringify(at(`../node_modules/fewbits/dist/${name}`).href)});`,
        ],
        { type: 'text/javascript' },
      ),
    );
  const worker = (url) => () => new Worker(url, { type: 'module' });
  const found = {};
  for (const [name, start] of Object.entries(starts)) {
    found[name] = {
      empty: await outcome(start(worker(empty))),
      missing: await outcome(start(worker(at('no-such-file.js')))),
    };
  }
  found.late = {
    pool: await outcome(starts.pool(worker(late('pool/shard-worker.js')))),
    models: await outcome(starts.models(worker(late('models/worker.js')))),
  };
  // The package's own worker, whose script is missing.
  const { Worker: Real } = globalThis;
  globalThis.Worker = class extends Real {
    constructor(url, options) {
      super(`${url}?gone`.replace('worker.js', 'gone.js'), options);
    }
  };
  found.own = {
    pool: await outcome(createPool({ dims: 2, workers: 1, startTimeout })),
    models: await outcome(starts.models(undefined)),
  };
  return found;
};
