// The set-up that every script begins with: npm packages, Emscripten, CMake and Ninja.

import { emscripten } from '../setup/emscripten.mjs';
import { packages } from '../setup/npm.mjs';
import { say } from '../setup/steps.mjs';
import { buildTools, nativeCompiler, testSources } from '../setup/tools.mjs';
import { Builds } from './cmake.mjs';

/** Sets up everything for building; with `tests` also what the C++ tests need. */
export async function setUp({ tests = false } = {}) {
  await packages();
  const found = await emscripten();
  say(`Emscripten ${found.version} (${found.from})`);
  const tools = await buildTools(found);
  return new Builds(
    tools,
    found,
    tests ? { sources: await testSources(found), compiler: await nativeCompiler() } : {},
  );
}
