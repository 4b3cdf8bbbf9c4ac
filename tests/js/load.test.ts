// Loading: once for all callers, from any source, and again after a failure.

import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import { FewbitsError, load, loadSync, support } from 'fewbits';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { expectError, failure } from '../support/builds.ts';

const dist = new URL('../../web/dist/', import.meta.url);
const bytesOf = (variant: string) => readFileSync(new URL(`fewbits.${variant}.wasm`, dist));
const simd128 = bytesOf('simd128');
const engine = support();

/** A fresh copy of the browser entry, with nothing loaded yet. */
async function freshBrowserEntry(): Promise<typeof import('fewbits')> {
  return import(/* @vite-ignore */ `${dist.href}index.js?${Math.random()}`);
}

function answer(body: BodyInit | null, type?: string, status = 200): Response {
  return new Response(body, {
    status,
    headers: type === undefined ? {} : { 'Content-Type': type },
  });
}

afterEach(() => vi.unstubAllGlobals());

describe('load', () => {
  it('is memoised: one instance for all callers, one a variant', async () => {
    const [a, b] = await Promise.all([load(), load({})]);
    expect(a).toBe(b);
    expect(await load({ variant: a.variant })).toBe(a);
    const other = await load({ variant: 'simd128' });
    expect(other.variant).toBe('simd128');
    expect(other === a).toBe(a.variant === 'simd128');
  });

  it('takes the relaxed build where the engine computes rightly with relaxed SIMD', async () => {
    expect(engine.simd128).toBe(true);
    expect((await load()).variant).toBe(engine.relaxedSimdExact ? 'relaxed' : 'simd128');
    if (engine.relaxedSimdExact) {
      expect((await load({ variant: 'relaxed' })).variant).toBe('relaxed');
    } else {
      expect(await failure(load({ variant: 'relaxed' }))).toMatchObject({ code: 'UNSUPPORTED' });
    }
  });

  it('takes a module, bytes, a response, an address or a path', async () => {
    const url = new URL('fewbits.simd128.wasm', dist);
    const module = new WebAssembly.Module(simd128);
    for (const wasm of [
      module,
      simd128,
      new Uint8Array(simd128).buffer,
      answer(simd128, 'application/wasm'),
      Promise.resolve(answer(simd128, 'application/wasm; charset=x')),
      answer(simd128, 'application/octet-stream'),
      answer(simd128),
      url,
      url.href,
      url.pathname,
      `data:application/wasm;base64,${simd128.toString('base64')}`,
    ]) {
      const fb = await load({ wasm });
      expect(fb.variant).toBe('simd128');
      expect(fb.bits.pack(Uint8Array.of(1, 2), 4)).toEqual(Uint8Array.of(0x21));
    }
    expect(await load({ wasm: module })).toBe(await load({ wasm: module }));
    expect(await load({ wasm: new URL(url) })).toBe(await load({ wasm: url.href }));
  });

  it('options that do not exist are refused', async () => {
    for (const options of [
      { varient: 'relaxed' },
      { variant: 'scalar' },
      7,
      { wasm: 7 },
      { wasm: null },
      { wasm: Symbol('s') },
    ]) {
      expect(await failure(load(options as never))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });

  it('a file that is not there is named', async () => {
    const error = await failure(load({ wasm: '/nowhere/fewbits.wasm' }));
    expect(error.code).toBe('LOAD_FAILED');
    expect(error.message).toContain('/nowhere/fewbits.wasm could not be read: ENOENT');
    expect(error.cause).toBeInstanceOf(Error);
  });
});

describe('what is wrong is said', () => {
  const damaged = Uint8Array.from(simd128);
  damaged.fill(0x55, 1000, 2000);
  const foreign = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
  const detached = () => {
    const bytes = Uint8Array.from(simd128);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    return bytes;
  };
  const read = () => {
    const response = answer(simd128);
    response.text();
    return response;
  };

  it.each<[string, () => Response | Uint8Array, RegExp]>([
    [
      '404',
      () => answer('gone', 'text/plain', 404),
      /the response answered 404 .*load\(\{ wasm: url/,
    ],
    ['a detached array', detached, /^wasm has lost its memory/],
    ['a response that was read', read, /^the response has been read already: pass a clone/],
    ['a page', () => answer('<!doctype html><p>', 'text/html'), /is no WebAssembly: it is a page/],
    [
      'a page with a wrong type',
      () => answer('<html>', 'application/wasm'),
      /could not be compiled/,
    ],
    ['text', () => answer('hello'), /is no WebAssembly: it begins with "hello"/],
    ['nothing', () => answer(null), /is no WebAssembly: it is empty/],
    ['damaged bytes', () => damaged, /^wasm could not be compiled: /],
    ['half a file', () => simd128.subarray(0, 5000), /could not be compiled/],
    [
      'half a file, streamed',
      () => answer(simd128.subarray(0, 5000), 'application/wasm'),
      /could not/,
    ],
    ['another module', () => foreign, /no WebAssembly build of fewbits/],
  ])('%s', async (_, wasm, message) => {
    const error = await failure(load({ wasm: wasm() }));
    expect(error.code).toBe(/lost/.test(message.source) ? 'INVALID_ARGUMENT' : 'LOAD_FAILED');
    expect(error.message).toMatch(message);
  });

  it('a Content-Security-Policy is called by its name', async () => {
    const refuse = () =>
      Promise.reject(new WebAssembly.CompileError("because 'unsafe-eval' is not"));
    vi.stubGlobal('WebAssembly', Object.create(WebAssembly, { compile: { value: refuse } }));
    expect((await failure(load({ wasm: Uint8Array.from(simd128) }))).message).toMatch(
      /Content-Security-Policy must have 'wasm-unsafe-eval'/,
    );
  });
});

describe('the entry of browsers', () => {
  it('fetches when it is asked to, not when it is imported', async () => {
    const fetched = vi.fn(async () => answer(simd128, 'application/wasm'));
    const compiled = vi.spyOn(WebAssembly, 'compileStreaming');
    vi.stubGlobal('fetch', fetched);
    const entry = await freshBrowserEntry();
    entry.support();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(fetched).not.toHaveBeenCalled();
    expect(compiled).not.toHaveBeenCalled();
    const all = await Promise.all([1, 2, 3].map(() => entry.load({ variant: 'simd128' })));
    expect(new Set(all).size).toBe(1);
    expect(fetched).toHaveBeenCalledTimes(1);
    expect(String(fetched.mock.calls[0].at(0))).toMatch(/\/dist\/fewbits\.simd128\.wasm$/);
    expect(compiled).toHaveBeenCalledTimes(1);
  });

  it('a failed load can be repeated', async () => {
    const outcomes = [
      () => Promise.reject(new TypeError('Failed to fetch')),
      () => Promise.resolve(answer('', 'text/html', 503)),
      () => Promise.resolve(answer(simd128, 'application/wasm')),
    ];
    const fetched = vi.fn(() => outcomes.shift()?.());
    vi.stubGlobal('fetch', fetched);
    const { load: fresh } = await freshBrowserEntry();
    const together = await Promise.allSettled([fresh(), fresh()]);
    expect(together.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(fetched).toHaveBeenCalledTimes(1);
    const first = (together[0] as PromiseRejectedResult).reason;
    expect(first).toMatchObject({ code: 'LOAD_FAILED' });
    expect(first.message).toMatch(/dist\/fewbits\..*\.wasm could not be read: Failed to fetch/);
    expect((await failure(fresh())).message).toMatch(/answered 503/);
    expect((await fresh()).variant).toBe('simd128');
    expect(await fresh()).toBe(await fresh());
    expect(fetched).toHaveBeenCalledTimes(3);
  });
});

describe('a main thread that must not wait', () => {
  it('load() instantiates later, as Chrome below 115 wants it', async () => {
    const atOnce = (what: string) => {
      throw new RangeError(`WebAssembly.${what} is disallowed on the main thread`);
    };
    const { Module, Instance } = WebAssembly;
    function StrictModule(bytes: Uint8Array) {
      return bytes.byteLength > 4096 ? atOnce('Module') : new Module(bytes as BufferSource);
    }
    function StrictInstance(module: WebAssembly.Module) {
      return Module.imports(module).length > 0 ? atOnce('Instance') : new Instance(module);
    }
    const { exports, imports, customSections } = Module;
    const strict = Object.create(WebAssembly, {
      Module: { value: Object.assign(StrictModule, { exports, imports, customSections }) },
      Instance: { value: StrictInstance },
    });
    vi.stubGlobal('WebAssembly', strict);
    vi.stubGlobal('fetch', async () => answer(simd128, 'application/wasm'));
    const entry = await freshBrowserEntry();
    const fb = await entry.load({ variant: 'simd128' });
    expect(fb.uniform.dequantize(fb.uniform.quantize([1, -1]))).toEqual(Float32Array.of(1, -1));
    // Memory grows through a function that the instance imports.
    const x = new Float32Array(4_000_000).fill(1);
    expect(fb.uniform.quantize(x, { axis: 1, shape: [1, x.length] }).length).toBe(x.length);
    expect(() => entry.loadSync(new Module(simd128))).toThrow(/disallowed on the main thread/);
  });
});

describe('loadSync', () => {
  it('instantiates a compiled build without a promise, each call its own', () => {
    const module = new WebAssembly.Module(simd128);
    const [a, b] = [loadSync(module), loadSync(module)];
    expect(a.variant).toBe('simd128');
    expect(a).not.toBe(b);
    expect(a.uniform.dequantize(b.uniform.quantize([1, -1]))).toEqual(Float32Array.of(1, -1));
    if (engine.relaxedSimdExact) {
      expect(loadSync(new WebAssembly.Module(bytesOf('relaxed'))).variant).toBe('relaxed');
    }
  });

  it('anything else is refused', () => {
    for (const wrong of [simd128, undefined, {}, 'fewbits.wasm']) {
      expect(() => loadSync(wrong as never)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    }
    const empty = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    expectError('LOAD_FAILED', /no WebAssembly build of fewbits: pass fewbits/, () =>
      loadSync(empty),
    );
  });

  it('a build of another version is refused by its name', async () => {
    const { stamp } = await import('../../web/dist/wasm/fewbits.mjs');
    const other = Buffer.from(simd128);
    other.write('9.8.7', other.lastIndexOf(stamp), 'latin1');
    const says = /^the WebAssembly is of fewbits 9\.8\.7 \([0-9a-f]{12}\), the scripts are of \d/;
    expectError('LOAD_FAILED', says, () => loadSync(new WebAssembly.Module(other)));
    expect(await failure(load({ wasm: other }))).toMatchObject({ code: 'LOAD_FAILED' });
  });

  it('takes a module of another realm', () => {
    const module = vm.runInNewContext('new WebAssembly.Module(bytes)', { bytes: simd128 });
    expect(module instanceof WebAssembly.Module).toBe(false);
    expect(loadSync(module).variant).toBe('simd128');
  });
});

describe('support', () => {
  it('says what the engine has, without WebAssembly too', async () => {
    expect(engine).toEqual(support());
    const { support: fresh } = await freshBrowserEntry();
    vi.stubGlobal('WebAssembly', undefined);
    expect(fresh()).toEqual({ simd128: false, relaxedSimd: false, relaxedSimdExact: false });
  });

  it('an engine without SIMD is told so', async () => {
    vi.stubGlobal('WebAssembly', { ...WebAssembly, validate: () => false });
    const error = await failure(load());
    expect(error).toMatchObject({ code: 'UNSUPPORTED' });
    expect(error.message).toMatch(/needs WebAssembly SIMD/);
  });
});

it('FewbitsError is an Error with a code', () => {
  const cause = new Error('why');
  const error = new FewbitsError('CORRUPT_DATA', 'what', { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'FewbitsError',
    code: 'CORRUPT_DATA',
    message: 'what',
    cause,
  });
});
