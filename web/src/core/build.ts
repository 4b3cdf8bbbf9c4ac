// What a compiled module must be to belong to these scripts, and what failed when it gives no instance.

import { FewbitsError, reasonOf } from './errors.js';
import type { CompiledModule } from './platform.js';

/** Which of the package's builds: all of it, or the index alone. Its files are `<name>.<variant>.wasm`. */
export type BuildName = 'fewbits' | 'vectors';

/** What its stamps have that stamps of the whole package have not. */
const ALONE = 'vectors';

/** The build stamps modules and the scripts that are for them alike: both know each other's every byte. */
export function checkBuild(compiled: CompiledModule, stamp: string, name: BuildName): void {
  const [section] = WebAssembly.Module.customSections(compiled as WebAssembly.Module, 'fewbits');
  const found = section === undefined ? undefined : new TextDecoder().decode(section);
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

/** What to throw when a module gives no instance. */
export function notABuild(cause: unknown): FewbitsError {
  const reason = reasonOf(cause);
  const remedy = /main thread/.test(reason)
    ? 'load() works there'
    : 'there may be no memory left for WebAssembly here: end what holds some, and call load() again';
  const message = `the WebAssembly could not be instantiated: ${reason}; ${remedy}`;
  return new FewbitsError('LOAD_FAILED', message, { cause });
}
