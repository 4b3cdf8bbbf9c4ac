import { describe, invalid } from '../core/arguments.js';
import { FewbitsError } from '../core/errors.js';
import type { CompiledModule } from '../core/platform.js';

/** What a build can come from: itself compiled, its bytes, a response with them, or an address. */
export type WasmSource =
  | CompiledModule
  | ArrayBuffer
  | ArrayBufferView
  | Response
  | PromiseLike<Response>
  | URL
  | string;

/** What is at an address: `fetch`, or a file's bytes where there are files. */
export type Open = (address: URL | string) => Promise<Response | ArrayBufferView>;

/** Not a type guard: TypeScript's Module is an empty interface, which everything would match. */
export const isModule = (x: unknown): boolean => x instanceof WebAssembly.Module;

const failed = (message: string, cause?: unknown) =>
  new FewbitsError('LOAD_FAILED', message, { cause });

const reason = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

/** Compiles bytes; those of another file are told from damaged ones, for the usual mistake is a page. */
async function compileBytes(bytes: Uint8Array, from: string): Promise<WebAssembly.Module> {
  if (bytes[0] !== 0 || bytes[1] !== 0x61 || bytes[2] !== 0x73 || bytes[3] !== 0x6d) {
    const start = new TextDecoder().decode(bytes.subarray(0, 16)).trimStart();
    const found =
      bytes.length === 0
        ? 'it is empty'
        : start.startsWith('<')
          ? 'it is a page, which servers send for a file that they do not have'
          : `it begins with ${JSON.stringify(start)}`;
    throw failed(`${from} is no WebAssembly: ${found}`);
  }
  try {
    return await WebAssembly.compile(bytes as BufferSource);
  } catch (cause) {
    throw failed(`${from} could not be compiled: ${reason(cause)}`, cause);
  }
}

async function compileResponse(response: Response): Promise<WebAssembly.Module> {
  const from = response.url || 'the response';
  if (!response.ok) throw failed(`${from} answered ${response.status} ${response.statusText}`);
  const type = response.headers.get('Content-Type') ?? '';
  // Streaming is for servers that name the type and nothing besides; the others get by without.
  if (type.trim().toLowerCase() !== 'application/wasm') {
    return compileBytes(new Uint8Array(await response.arrayBuffer()), from);
  }
  try {
    return await WebAssembly.compileStreaming(response);
  } catch (cause) {
    throw failed(`${from} could not be compiled: ${reason(cause)}`, cause);
  }
}

/**
 * Compiles the build that `source` is or names.
 *
 * @throws FewbitsError LOAD_FAILED with the address and what is wrong there
 */
export async function compile(source: WasmSource, open: Open): Promise<CompiledModule> {
  let wasm: unknown = await source;
  let from = 'wasm';
  if (typeof wasm === 'string' || wasm instanceof URL) {
    from = String(wasm);
    try {
      wasm = await open(wasm);
    } catch (cause) {
      throw failed(`${from} could not be read: ${reason(cause)}`, cause);
    }
  }
  if (isModule(wasm)) return wasm as WebAssembly.Module;
  if (wasm instanceof Response) return compileResponse(wasm);
  if (wasm instanceof ArrayBuffer) return compileBytes(new Uint8Array(wasm), from);
  if (ArrayBuffer.isView(wasm)) {
    return compileBytes(new Uint8Array(wasm.buffer, wasm.byteOffset, wasm.byteLength), from);
  }
  throw invalid(
    `wasm must be a WebAssembly.Module, its bytes, a Response, a URL or a string, got ${describe(wasm)}`,
  );
}
