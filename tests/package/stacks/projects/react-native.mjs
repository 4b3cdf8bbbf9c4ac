// React Native: a bundle by Metro with its presets, run in Hermes, and compiled to bytecode as for a release.

import { existsSync } from 'node:fs';

const VERSION = '0.88.1';

const MAKE = `import { writeFileSync } from 'node:fs';
import { load } from 'fewbits';

const index = (await load()).createIndex({ dims: 3, bits: 4, refine: 8 });
index.add([0, 1, 0.1, 1, 0, 0, 0, -1, 0.1], ['north', 'east', 'süd']);
const found = index.search([0.1, 1, 0], { k: 3 });
writeFileSync('file.js', \`export const file = Uint8Array.of(\${index.save()});
export const expected = \${JSON.stringify([found, [...index.reconstruct('süd')]])};
\`);
`;

const APP = `import { openIndex } from 'fewbits/reader';
import { expected, file } from './file.js';

const index = openIndex(file);
const found = index.search([0.1, 1, 0], { k: 3 });
const all = JSON.stringify([found, [...index.reconstruct('süd')]]);
if (all !== JSON.stringify(expected)) throw new Error(all);
const there = ['WebAssembly', 'TextDecoder', 'fetch'].filter((name) => name in globalThis);
if (there.length > 0) throw new Error('there is ' + there);
print('answer js: ' + found.ids.join().replace('süd', 'south'));
`;

const CONFIG = `const { getDefaultConfig, mergeConfig } = require('@react-native/metro-config');
// Without the modules that need a phone.
module.exports = mergeConfig(getDefaultConfig(__dirname), {
  serializer: { getModulesRunBeforeMainModule: () => [], getPolyfills: () => [] },
});
`;

export const stacks = [
  {
    name: 'React Native (Metro, Hermes)',
    version: VERSION,
    packages: {
      'react-native': VERSION,
      '@react-native/babel-preset': VERSION,
      '@react-native/metro-config': VERSION,
      metro: '0.87.1',
      // The latest Hermes that is published as a program.
      'hermes-engine-cli': '0.12.0',
    },
    needs: '`fewbits/reader`, for there is no WebAssembly; nothing to configure',
    async run(project) {
      project.write({
        'make.mjs': MAKE,
        'app.js': APP,
        'metro.config.cjs': CONFIG,
        'babel.config.cjs':
          "module.exports = { presets: ['module:@react-native/babel-preset'] };\n",
      });
      await project.run('node', ['make.mjs']);
      const args = ['build', 'app.js', '--out', 'bundle.js', '--platform', 'android'];
      await project.bin('metro', [...args, '--dev', 'false', '--minify', 'true']);
      const hermes = (name, program) => project.path('node_modules', name, 'linux64-bin', program);
      // The compiler that React Native uses for releases.
      const compiler = hermes('hermes-compiler/hermesc', 'hermesc');
      await project.run(compiler, ['-O', '-emit-binary', '-out', 'bundle.hbc', 'bundle.js']);
      if (!existsSync(project.path('bundle.hbc'))) throw new Error('no bytecode');
      return { hermes: await project.answer(hermes('hermes-engine-cli', 'hermes'), ['bundle.js']) };
    },
  },
];
