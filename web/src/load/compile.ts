// From where a build comes to a compiled module: bytes, responses, addresses, and what goes wrong there.

import { describe, invalid, isBytes, tagOf, toBytes } from '../core/arguments.js';
import type { BuildName } from '../core/build.js';
import { FewbitsError, reasonOf } from '../core/errors.js';
import type { CompiledModule, WebResponse } from '../core/platform.js';
import { whenNotCompiled, whereElse } from './remedies.js';

/** What a build can come from: itself compiled, its bytes, a response with them, or an address. */
export type WasmSource =
  | CompiledModule
  | ArrayBuffer
  | ArrayBufferView
  | WebResponse
  | PromiseLike<WebResponse>
  | URL
  | string;

/** What is at an address: `fetch`, or a file's bytes where there are files. */
export type Open = (address: URL | string) => Promise<Response | ArrayBufferView>;

/** Of any realm. Not a type guard: TypeScript's Module is an empty interface, which everything would match. */
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

/** Compiles bytes; those of another file are told from damaged ones, for the usual mistake is a page. */
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
  // Streaming is for servers that name the type and nothing besides; the others get by without.
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

/** What was passed; a promise that is rejected is the caller's, but the message is ours. */
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
 * Compiles the build that `source` is or names.
 *
 * @throws FewbitsError LOAD_FAILED with the address, what is wrong there and what to do about it
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
