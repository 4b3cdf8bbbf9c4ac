// Checks that a compiled module belongs to these scripts, and the error for one that cannot be instantiated.

import { FewbitsError, reasonOf } from './errors.js';
import type { CompiledModule } from './platform.js';

/** The builds of the package: all of it, or only the index. Their files are `<name>.<variant>.wasm`. */
export type BuildName = 'fewbits' | 'vectors';

/** A word in the stamps of the build `vectors` that those of the whole package do not contain. */
const ALONE = 'vectors';

/** The stamp of a compiled module, or undefined. */
function stampOf(compiled: CompiledModule): string | undefined {
  const [section] = WebAssembly.Module.customSections(compiled as WebAssembly.Module, 'fewbits');
  return section === undefined ? undefined : new TextDecoder().decode(section);
}

/** Whether a compiled module is a build of the whole package, of any version. */
export const isWhole = (compiled: CompiledModule): boolean =>
  stampOf(compiled)?.includes(ALONE) === false;

/**
 * Throws unless module and scripts carry the same stamp: the build stamps both, since they depend on each
 * other byte for byte.
 */
export function checkBuild(compiled: CompiledModule, stamp: string, name: BuildName): void {
  const found = stampOf(compiled);
  if (found === stamp) return;
  const of = (text: string) => (text.includes(ALONE) ? 'the index alone' : 'the whole package');
  const pass = `pass ${name}.simd128.wasm or ${name}.relaxed.wasm of this package`;
  throw new FewbitsError(
    'LOAD_FAILED',
    found === undefined
      ? `this is no WebAssembly build of fewbits: ${pass}`
      : of(found) !== of(stamp)
        ? `this is the WebAssembly of ${of(found)}, the scripts are for ${of(stamp)}: ${pass}`
        : `the WebAssembly is of fewbits ${found}, the scripts are of ${stamp}: take both from one ` +
          'package, and clear caches that may hold an older one',
  );
}

/** The error for a module that could not be instantiated. */
export function notABuild(cause: unknown): FewbitsError {
  const reason = reasonOf(cause);
  const remedy = /main thread/.test(reason)
    ? 'load() works there'
    : 'there may be no memory left for WebAssembly here: end what holds some, and call load() again';
  const message = `the WebAssembly could not be instantiated: ${reason}; ${remedy}`;
  return new FewbitsError('LOAD_FAILED', message, { cause });
}
