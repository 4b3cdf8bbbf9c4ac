// Messages between threads: fewbits/rpc, and workers that do not start, for either pool.

import { Worker } from 'node:worker_threads';
import { createConverterPool } from 'fewbits/models';
import { createPool } from 'fewbits/pool';
import { Client } from 'fewbits/rpc';
import { afterEach, describe, expect, it } from 'vitest';

/** A worker that runs this text. */
const worker = (text: string) => () => new Worker(text, { eval: true });

const rpc = JSON.stringify(new URL('../../web/dist/worker/index.js', import.meta.url).href);
const serving = (before: string, calls: string) =>
  worker(`
    const { parentPort } = require('node:worker_threads');
    import(${rpc}).then(async ({ serve, FewbitsError }) => {
      ${before}
      serve({ ${calls} }, parentPort);
    });`);

const conversion = { bytes: new Uint8Array(4), from: 'F32', to: 'F16', rowLength: 1 } as const;

const failure = async (work: Promise<unknown>): Promise<{ code: string; message: string }> => {
  try {
    await work;
  } catch (error) {
    return error as never;
  }
  throw new Error('it passed');
};

const index = (createWorker: () => Worker, startTimeout?: number) =>
  createPool({ dims: 4, workers: 2, createWorker, startTimeout });

describe.each([
  { pool: 'fewbits/pool', other: 'models/worker-node.mjs', start: index },
  {
    pool: 'fewbits/models',
    other: 'pool/shard-worker-node.mjs',
    async start(createWorker: () => Worker, startTimeout?: number) {
      await using pool = createConverterPool({ workers: 2, createWorker, startTimeout });
      return await pool.convert(conversion);
    },
  },
])('a worker for $pool', ({ pool, other, start }) => {
  it('that never answers has failed after a while', async () => {
    const before = Date.now();
    const { code, message } = await failure(start(worker('setInterval(() => {}, 1000)'), 300));
    expect(Date.now() - before).toBeGreaterThanOrEqual(299);
    expect(Date.now() - before).toBeLessThan(5000);
    expect(code).toBe('WORKER_FAILED');
    expect(message).toMatch(/^worker 1 of 2 failed: it did not start within 0\.3 s/);
    // The origin of the worker, as far as it is known, and the usual cause.
    expect(message).toMatch(/\(createWorker is \(\) => new \S*Worker\(text, \{ eval: true \}\)\)/);
    expect(message).toContain(`the code of '${pool}/worker'`);
    expect(message).toContain("name the script under 'sideEffects' of package.json");
  });

  it('whose script is empty has failed at once', async () => {
    const { code, message } = await failure(start(worker('')));
    expect(code).toBe('WORKER_FAILED');
    expect(message).toMatch(/it was terminated\. It never answered: .*'sideEffects'/);
  });

  it('whose script throws has failed with what it threw', async () => {
    const { code, message } = await failure(start(worker('throw new Error("no such thing")')));
    expect(code).toBe('WORKER_FAILED');
    expect(message).toContain('no such thing');
  });

  it('with the script of another one is named', async () => {
    const script = new URL(`../../web/dist/${other}`, import.meta.url);
    const { code, message } = await failure(start(() => new Worker(script)));
    expect(code).toBe('WORKER_FAILED');
    expect(message).toMatch(
      /its script is that of 'fewbits\/\w+\/worker', and not of 'fewbits\/\w+\/worker'/,
    );
  });

  it('may await something first', async () => {
    const folder =
      pool === 'fewbits/pool' ? 'pool/shard-worker-node.mjs' : 'models/worker-node.mjs';
    const script = JSON.stringify(new URL(`../../web/dist/${folder}`, import.meta.url).href);
    const late = worker(`setTimeout(() => import(${script}), 200)`);
    const made = await start(late);
    if ('dispose' in made) made.dispose();
    else expect(made).toMatchObject({ bytes: new Uint8Array(2) });
  });

  it.each([0, -1, Number.NaN, '5', null])('does not have %s to start', async (startTimeout) => {
    const { code } = await failure(start(worker(''), startTimeout as never));
    expect(code).toBe(startTimeout === null ? 'WORKER_FAILED' : 'INVALID_ARGUMENT');
  });
});

type Calls = {
  sum(input: { x: Float32Array }): number;
  count(to: number): Promise<string>;
  wait(): Promise<void>;
  own(kind: string): never;
};

const calls = `
  sum: ({ x }) => x.reduce((sum, value) => sum + value, 0),
  async count(to, work) {
    for (let i = 0; i < to; i++) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      work.progress(i / to, 'at ' + i);
    }
    return 'counted';
  },
  async wait(_, work) {
    for (;;) await work.checkpoint();
  },
  own(kind) {
    if (kind === 'code') throw new FewbitsError('NON_FINITE', 'x[3]');
    if (kind === 'name') throw new RangeError('too far');
    if (kind === 'text') throw 'thrown';
    process.exit(3);
  },`;

describe('fewbits/rpc', () => {
  let client: Client<Calls>;
  const started: Worker[] = [];
  const connect = (before = '') => {
    const create = serving(before, calls);
    client = new Client<Calls>(() => {
      const made = create();
      started.push(made);
      return made;
    });
    return client;
  };
  afterEach(() => {
    client.stop();
    started.length = 0;
  });

  it('copies what a call is given, or moves it, when it is called', async () => {
    const x = Float32Array.of(1, 2, 3);
    connect();
    const early = client.call('sum', { x });
    x.fill(5);
    expect(await early).toBe(6);
    const late = client.call('sum', { x });
    x.fill(0);
    expect(await late).toBe(15);
    const moved = Float32Array.of(4, 5);
    const sum = client.call('sum', { x: moved }, { transfer: [moved.buffer as ArrayBuffer] });
    expect(moved.length).toBe(0);
    expect(await sum).toBe(9);
    expect(started.length).toBe(1);
    // Also to a worker that has not started.
    client.stop();
    const other = Float32Array.of(6, 7);
    const first = client.call('sum', { x: other }, { transfer: [other.buffer as ArrayBuffer] });
    expect(other.length).toBe(0);
    expect(await first).toBe(13);
  });

  it('loses nothing that is said to a script that awaits first', async () => {
    connect('await new Promise((resolve) => setTimeout(resolve, 200));');
    expect(await client.call('sum', { x: Float32Array.of(1) })).toBe(1);
  });

  it('tells how far a call is', async () => {
    const said: [number, string][] = [];
    const progress = (...now: [number, string]) => said.push(now);
    expect(await connect().call('count', 4, { progress })).toBe('counted');
    expect(said.length).toBeGreaterThan(1);
    for (const [fraction, text] of said) expect(text).toBe(`at ${fraction * 4}`);
  });

  it.each([
    ['a reason', new Error('enough')],
    ['null', null],
    ['nothing', undefined],
  ])(
    'stops a call for %s, before and while it runs and before the worker has started',
    async (_, reason) => {
      connect();
      const thrown = async (signal: AbortSignal) => {
        try {
          await client.call('wait', undefined as never, { signal });
        } catch (error) {
          return error;
        }
        throw new Error('it passed');
      };
      const expected = AbortSignal.abort(reason).reason;
      expect(await thrown(AbortSignal.abort(reason))).toEqual(expected);
      expect(started.length).toBe(0);
      for (const delay of [0, 300]) {
        const controller = new AbortController();
        setTimeout(() => controller.abort(reason), delay);
        expect(await thrown(controller.signal)).toBe(controller.signal.reason);
      }
      expect(await client.call('sum', { x: Float32Array.of(2) })).toBe(2);
    },
  );

  it('gives errors back by code, or by name', async () => {
    connect();
    await expect(client.call('own', 'code')).rejects.toMatchObject({
      name: 'FewbitsError',
      code: 'NON_FINITE',
      message: 'x[3]',
    });
    await expect(client.call('own', 'name')).rejects.toMatchObject({
      name: 'RangeError',
      message: 'too far',
    });
    await expect(client.call('own', 'text')).rejects.toThrow('thrown');
    await expect(client.call('no' as never, 0 as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining("no call 'no'"),
    });
    // A value that cannot be copied is refused, and the next call works.
    const { buffer } = new Float32Array(1);
    structuredClone(buffer, { transfer: [buffer] });
    const odd: [unknown, unknown][] = [
      [() => {}, {}],
      [{ x: Symbol('x') }, {}],
      [{}, { transfer: [buffer] }],
      [{}, { transfer: 5 }],
      [{}, { transfer: [5] }],
      [{}, { progress: 5 }],
      [{}, { signal: {} }],
      [{}, { singal: undefined }],
    ];
    for (const [input, options] of odd) {
      const refused = { name: 'FewbitsError', code: 'INVALID_ARGUMENT' };
      await expect(client.call('sum', input as never, options as never)).rejects.toMatchObject(
        refused,
      );
    }
    expect(await client.call('sum', { x: Float32Array.of(2) })).toBe(2);
  });

  it('starts another worker after one that ended', async () => {
    connect();
    const pending = client.call('wait', undefined as never);
    await expect(client.call('own', 'exit')).rejects.toMatchObject({ code: 'WORKER_FAILED' });
    await expect(pending).rejects.toMatchObject({ code: 'WORKER_FAILED' });
    expect(await client.call('sum', { x: Float32Array.of(2) })).toBe(2);
    expect(started.length).toBe(2);
    const reason = new Error('closed');
    const other = client.call('wait', undefined as never);
    client.stop(reason);
    await expect(other).rejects.toBe(reason);
  });
});
