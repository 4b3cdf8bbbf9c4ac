// Remedies for a build that cannot be loaded, chosen by its address and the reason of the failure.

import type { BuildName } from '../core/build.js';
import { reasonOf } from '../core/errors.js';

const elsewhere = (name: BuildName) =>
  `${name}.simd128.wasm and ${name}.relaxed.wasm must be beside the script; where a bundler or server ` +
  'leaves them behind, give their address: load({ wasm: url })';

/** The message for scripts without an address. */
export const noAddress = (name: BuildName) =>
  'fewbits cannot tell where its .wasm files are, for this script has no address: import.meta.url is ' +
  'empty in bundles of CommonJS, single executables and edge functions. Hand over what ' +
  `fewbits/${name}.simd128.wasm holds: load({ wasm: bytes }), or the compiled module`;

type Remedy = readonly [applies: (address: string, reason: string) => boolean, remedy: string];

/** Remedies in order; the first that applies is used. */
const REMEDIES: readonly Remedy[] = [
  [
    (address) => /\/(\.vite|deps)(\/|_)/.test(address),
    "Vite's dev server has moved the scripts there without the .wasm files: set optimizeDeps: " +
      "{ exclude: ['fewbits'] } in its configuration",
  ],
  [
    (address, reason) => address.startsWith('/_next/') && /"path" argument|ENOENT/.test(reason),
    "Next has moved the file to what pages fetch: set serverExternalPackages: ['fewbits'] in its configuration",
  ],
  [
    (_, reason) => /\bERR_ACCESS_DENIED\b|has been restricted/i.test(reason),
    'this process may not read it: add --allow-fs-read with the folder of the package',
  ],
  [
    (_, reason) => /requires read access|NotCapable/i.test(reason),
    'this process may not read it: add --allow-read',
  ],
  [
    (_, reason) => /fetch is not (defined|a function)/i.test(reason),
    'there is no fetch here: pass the bytes of the file, load({ wasm: bytes }), or in Node resolve ' +
      "fewbits with the condition 'node'",
  ],
  [
    (address, reason) => /^file:/.test(address) && !/ENOENT|ENOTDIR|EACCES|EPERM/.test(reason),
    'fetch reads no files: serve the page by HTTP, pass the bytes of the file, load({ wasm: bytes }), ' +
      "or in Node resolve fewbits with the condition 'node'",
  ],
];

/** The remedy where the file is not at its address, or cannot be read there. */
export function whereElse(name: BuildName, address: string, cause?: unknown): string {
  const reason = cause === undefined ? '' : reasonOf(cause);
  const remedy = REMEDIES.find(([applies]) => applies(address, reason));
  if (remedy !== undefined) return remedy[1];
  const asked = /^https?:/.test(address) && reason !== '';
  const allowed =
    '; one of another origin must allow it by CORS, and a Content-Security-Policy in connect-src';
  return elsewhere(name) + (asked ? allowed : '');
}

/** The remedy after a failure to compile. */
export function whenNotCompiled(name: BuildName, cause: unknown): string {
  const reason = reasonOf(cause);
  if (/unsafe-eval|content security policy/i.test(reason)) {
    return "the page's Content-Security-Policy must have 'wasm-unsafe-eval' in its script-src";
  }
  if (/code generation disallowed/i.test(reason)) {
    return (
      `nothing may be compiled here: import fewbits/${name}.simd128.wasm as a module where the runtime ` +
      "has that, and pass it, load({ wasm: module }); in a page allow 'wasm-unsafe-eval' in script-src"
    );
  }
  return 'the file may be damaged, or cut short on its way: take it from the package, and call load() again';
}
