// Configures and builds the CMake presets, and finds the test programs that were built.

import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { cleanEnvironment, hash, Problem, root, run, windows, writeFile } from '../setup/steps.mjs';

/** The tools of a build, collected once by each script. */
export class Builds {
  /** tools: { cmake, ninja }, emscripten, and for tests sources: { googletest, simde }, compiler. */
  constructor(tools, emscripten, { sources, compiler } = {}) {
    Object.assign(this, { tools, emscripten, sources, compiler });
  }

  folder(preset) {
    return path.join(root, 'build', preset);
  }

  environment(preset) {
    const env = cleanEnvironment(preset.startsWith('wasm') ? this.emscripten.env : {});
    if (this.sources) env.GOOGLETEST_SOURCE_DIR = this.sources.googletest;
    return env;
  }

  /**
   * Configures a preset that has not been configured with these tools; with `again` always, to find new
   * sources.
   */
  async configure(preset, { again = false } = {}) {
    const { tools, sources } = this;
    const settings = [`-DCMAKE_MAKE_PROGRAM=${tools.ninja}`];
    if (sources) {
      settings.push('-DFEWBITS_TESTS=ON', `-DGOOGLETEST_SOURCE_DIR=${sources.googletest}`);
      if (!preset.startsWith('wasm')) {
        settings.push(
          `-DSIMDE_INCLUDE_DIR=${sources.simde}`,
          `-DCMAKE_CXX_COMPILER=${this.compiler}`,
        );
      }
    } else {
      settings.push('-DFEWBITS_TESTS=OFF');
    }
    const stamp = path.join(this.folder(preset), 'fewbits.configured');
    const key = hash(
      root,
      tools.cmake,
      tools.ninja,
      preset.startsWith('wasm') ? `${this.emscripten.root} ${this.emscripten.version}` : '',
    );
    const wanted = [key, ...settings].join(' ');
    const present = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
    // A configuration with tests also serves a build without, so that `npm start` does not undo it.
    if (!again && (present === wanted || (!sources && present.startsWith(key)))) return;
    const fresh = present.startsWith(key) ? [] : ['--fresh'];
    await run(tools.cmake, ['--preset', preset, ...fresh, ...settings], {
      env: this.environment(preset),
      quiet: true,
    });
    writeFile(stamp, wanted);
  }

  /** Configures and builds, and shows the output of Ninja. */
  async build(preset, targets = []) {
    await this.configure(preset);
    await run(
      this.tools.cmake,
      [
        '--build',
        '--preset',
        preset,
        `-j${Math.max(2, availableParallelism())}`,
        ...(targets.length ? ['--target', ...targets] : []),
      ],
      { env: this.environment(preset) },
    );
  }

  /** The test programs of a preset: [{ name, file }]. */
  async tests(preset) {
    const ctest = path.join(path.dirname(this.tools.cmake), windows ? 'ctest.exe' : 'ctest');
    const { output } = await run(
      ctest,
      ['--test-dir', this.folder(preset), '--show-only=json-v1'],
      { env: this.environment(preset), quiet: true },
    );
    const { tests } = JSON.parse(output.slice(output.indexOf('{')));
    return tests.map(({ name, command }) => {
      const file = command?.at(-1);
      if (!file) throw new Problem(`${preset}: the test ${name} was not built`);
      return { name, file };
    });
  }
}
