// Compilation of a build from bytes, responses and addresses, with messages for everything that can fail.

import { describe, invalid, isBytes, tagOf, toBytes } from '../core/arguments.js';
import type { BuildName } from '../core/build.js';
import { FewbitsError, reasonOf } from '../core/errors.js';
import type { CompiledModule, WebResponse } from '../core/platform.js';
import { whenNotCompiled, whereElse } from './remedies.js';

/** The sources of a build: a compiled module, its bytes, a response with them, or an address. */
export type WasmSource =
  | CompiledModule
  | ArrayBuffer
  | ArrayBufferView
  | WebResponse
  | PromiseLike<WebResponse>
  | URL
  | string;

/** Opens an address: `fetch`, or the bytes of a file where there is a file system. */
export type Open = (address: URL | string) => Promise<Response | ArrayBufferView>;

/**
 * Whether `x` is a module, of any realm. Not a type guard: TypeScript's Module is an empty interface, which
 * everything matches.
 */
export function isModule(x: unknown): boolean {
  try {
    WebAssembly.Module.exports(x as WebAssembly.Module);
    return true;
  } catch {
    return false;
  }
}

const failed = (message: string, cause?: unknown) =>
  new FewbitsError('LOAD_FAILED', message, { cause });

const notCompiled = (name: BuildName, from: string, cause: unknown) =>
  failed(
    `${from} could not be compiled: ${reasonOf(cause)}; ${whenNotCompiled(name, cause)}`,
    cause,
  );

/**
 * Compiles bytes. Files of another kind get a different message than damaged ones: the usual mistake is an
 * HTML page.
 */
async function compileBytes(
  bytes: Uint8Array,
  from: string,
  name: BuildName,
): Promise<WebAssembly.Module> {
  if (bytes[0] !== 0 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d) {
    const start = new TextDecoder().decode(bytes.slice(0, 16)).trimStart();
    const found =
      bytes.length === 0
        ? 'it is empty'
        : start.startsWith('<')
          ? 'it is a page, which servers send for a file that they do not have'
          : `it begins with ${JSON.stringify(start)}`;
    throw failed(`${from} is no WebAssembly: ${found}. ${whereElse(name, from)}`);
  }
  try {
    return await WebAssembly.compile(bytes as BufferSource);
  } catch (cause) {
    throw notCompiled(name, from, cause);
  }
}

async function compileResponse(
  response: Response,
  asked: string,
  name: BuildName,
): Promise<WebAssembly.Module> {
  const from = response.url || asked;
  if (response.type === 'opaque') {
    throw failed(`${from} is opaque: fetch it with CORS, not with mode 'no-cors'`);
  }
  if (!response.ok) {
    const { status, statusText } = response;
    throw failed(`${from} answered ${status} ${statusText}. ${whereElse(name, from)}`);
  }
  if (response.bodyUsed) throw failed(`${from} has been read already: pass a clone() of it`);
  const type = response.headers.get('Content-Type') ?? '';
  // Streaming needs servers to send exactly this type; other responses are compiled from their bytes.
  if (type.trim().toLowerCase() !== 'application/wasm') {
    let bytes: ArrayBuffer;
    try {
      bytes = await response.arrayBuffer();
    } catch (cause) {
      throw failed(
        `${from} could not be read: ${reasonOf(cause)}; load() can be called again`,
        cause,
      );
    }
    return compileBytes(new Uint8Array(bytes), from, name);
  }
  try {
    return await WebAssembly.compileStreaming(response);
  } catch (cause) {
    throw notCompiled(name, from, cause);
  }
}

/** The resolved source. When a promise from the caller is rejected, the error says so. */
async function awaited(source: WasmSource): Promise<unknown> {
  try {
    return await source;
  } catch (cause) {
    throw failed(
      `the promise passed as wasm was rejected: ${reasonOf(cause)}; call load() again with another`,
      cause,
    );
  }
}

/**
 * Compiles the build that `source` is or refers to.
 *
 * @throws FewbitsError LOAD_FAILED with the address, the problem and the remedy
 */
export async function compile(
  source: WasmSource,
  open: Open,
  name: BuildName,
): Promise<CompiledModule> {
  let wasm: unknown = await awaited(source);
  let from = 'wasm';
  if (typeof wasm === 'string' || tagOf(wasm) === 'URL') {
    from = String(wasm);
    try {
      wasm = await open(wasm as string | URL);
    } catch (cause) {
      throw failed(
        `${from} could not be read: ${reasonOf(cause)}. ${whereElse(name, from, cause)}`,
        cause,
      );
    }
  }
  if (isModule(wasm)) return wasm as WebAssembly.Module;
  if (tagOf(wasm) === 'Response')
    return compileResponse(wasm as Response, from === 'wasm' ? 'the response' : from, name);
  if (isBytes(wasm)) return compileBytes(toBytes('wasm', wasm), from, name);
  throw invalid(
    `wasm must be a WebAssembly.Module, its bytes, a Response, a URL or a string, got ${describe(wasm)}`,
  );
}
