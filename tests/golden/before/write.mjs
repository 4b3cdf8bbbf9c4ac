// Writes the files of this folder with a build of the package: node write.mjs DIST. Not to be run again with
// a later build.

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { answersOf, writeFiles } from '../../support/earlier-files.mjs';

const dist = pathToFileURL(`${resolve(process.argv[2])}/`);
const from = (path) => import(new URL(path, dist).href);
const fb = await (await from('node.js')).load({ variant: 'simd128' });
const use = { fb, io: await from('io/index.js'), models: await from('models/node.js') };
const answers = {};
for (const [name, bytes] of Object.entries(await writeFiles(use))) {
  writeFileSync(new URL(name, import.meta.url), bytes);
  answers[name] = answersOf(use, name, bytes);
}
const lines = Object.entries(answers).map((entry) => entry.map((one) => JSON.stringify(one)).join(': '));
writeFileSync(new URL('answers.json', import.meta.url), `{\n${lines.join(',\n')}\n}\n`);
