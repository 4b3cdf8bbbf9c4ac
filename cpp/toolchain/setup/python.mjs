// A Python with numpy, for the test of the numpy program that opens index files.

import path from 'node:path';
import { unpackDebian, whyNotDebian } from './debian.mjs';
import { ask, findProgram, Problem, say } from './steps.mjs';
import { installWithApt } from './tools.mjs';

/** The hint where none is found and none can be installed. */
export const NUMPY_HINT =
  'A Python 3 with numpy is needed for the test of decode_index.py: install them (Debian: ' +
  '`apt-get install python3-numpy`; elsewhere `python3 -m pip install numpy`), or set ' +
  'FEWBITS_PYTHON to such a Python.';

const hasNumpy = (program) =>
  program !== '' && ask(program, ['-c', 'import numpy; print(numpy.__version__)']) !== '';

// Debian's own Python may come after another one on PATH.
const find = () =>
  [findProgram('python3'), '/usr/bin/python3', findProgram('python')].find(hasNumpy) ?? '';

async function unpacked() {
  if (whyNotDebian()) return '';
  say("numpy from Debian's packages, into the cache folder (a minute at most) ...");
  const folder = await unpackDebian({ name: 'numpy', packages: ['python3-numpy', 'patchelf'] });
  return path.join(folder, 'usr/bin/python3');
}

/**
 * The path of a Python with numpy, or '': FEWBITS_PYTHON, else the machine's, else Debian's package,
 * installed if no password is needed and otherwise unpacked into the cache folder.
 */
export async function pythonWithNumpy() {
  const named = process.env.FEWBITS_PYTHON;
  if (named) return hasNumpy(named) ? named : '';
  const found = find();
  if (found) return found;
  try {
    if ((await installWithApt('numpy', ['python3-numpy'])) && find()) return find();
    return [await unpacked()].find(hasNumpy) ?? '';
  } catch (error) {
    // The test that needs it reports this; other tests can run without.
    if (error instanceof Problem) return '';
    throw error;
  }
}
