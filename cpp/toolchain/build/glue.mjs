// Changes Emscripten's glue so that calling it instantiates at once: the package can then be loaded
// synchronously from a compiled module.

import { Problem } from '../setup/steps.mjs';

// Since 4.0.12 the glue always waits, even where there is nothing to wait for.
const WAITING = [
  [/\basync function Module\(/g, 'function Module('],
  [/\basync function run\(/g, 'function run('],
  [/\bawait run\(\)/g, 'run()'],
  [
    /return new Promise\(\(?resolve(?:,reject)?\)?=>\{(instantiateWasm|Module\["instantiateWasm"\])\(info,\(?(\w+(?:,\w+)?)\)?=>\{?resolve\(receiveInstance\(\2\)\)\}?\)\}\)/g,
    'var received;$1(info,($2)=>{received=receiveInstance($2)});return received',
  ],
];

export function synchronous(glue) {
  if (!/\basync function Module\(/.test(glue)) return glue;
  let changed = glue;
  for (const [pattern, replacement] of WAITING) {
    if (changed.match(pattern)?.length !== 1) {
      throw new Problem(
        'the glue of this Emscripten has a shape that the package cannot use; 3.1.69 and 6.0.5 are\n' +
          'known to work. Take emcc off PATH and unset EMSDK, and one of them is installed.',
      );
    }
    changed = changed.replace(pattern, replacement);
  }
  return changed;
}
