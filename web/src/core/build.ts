// Checks that a compiled module belongs to these scripts, and the error for one that cannot be instantiated.

import { FewbitsError, reasonOf } from './errors.js';
import type { CompiledModule } from './platform.js';
import { utf8Decoder } from './text.js';

/**
 * The builds of the package: all of it, the index alone, or what searches one. Their files are
 * `<name>.<variant>.wasm`.
 */
export type BuildName = 'fewbits' | 'vectors' | 'search';

/** What a stamp is of: those of other builds than the whole contain their name. */
const partOf = (stamp: string): string =>
  stamp.includes('vectors')
    ? 'the index alone'
    : stamp.includes('search')
      ? 'searching alone'
      : 'the whole package';

/** The stamp of a compiled module, or undefined. */
function stampOf(compiled: CompiledModule): string | undefined {
  const [section] = WebAssembly.Module.customSections(compiled as WebAssembly.Module, 'fewbits');
  return section === undefined ? undefined : utf8Decoder()(new Uint8Array(section));
}

/** Whether a compiled module is a build of the whole package, of any version. */
export const isWhole = (compiled: CompiledModule): boolean =>
  partOf(stampOf(compiled) ?? 'vectors') === 'the whole package';

/**
 * Throws unless module and scripts carry the same stamp: the build stamps both, since they depend on each
 * other byte for byte.
 */
export function checkBuild(compiled: CompiledModule, stamp: string, name: BuildName): void {
  const found = stampOf(compiled);
  if (found === stamp) return;
  const pass = `pass ${name}.simd128.wasm or ${name}.relaxed.wasm of this package`;
  throw new FewbitsError(
    'LOAD_FAILED',
    found === undefined
      ? `this is no WebAssembly build of fewbits: ${pass}`
      : partOf(found) !== partOf(stamp)
        ? `this is the WebAssembly of ${partOf(found)}, the scripts are for ${partOf(stamp)}: ${pass}`
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
