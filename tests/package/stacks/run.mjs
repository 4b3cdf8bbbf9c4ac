// Stacks in which fewbits must work, each with the packed tarball and pinned versions; prints a table. Not
// part of `npm test`, as it installs some gigabytes: node tests/package/stacks/run.mjs [NAME...] [--keep]

import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { Project, RIGHT, root } from './lib.mjs';

const words = process.argv.slice(2);
const keep = words.includes('--keep');
const names = words.filter((word) => !word.startsWith('--'));

const files = readdirSync(new URL('projects', import.meta.url)).sort();
const modules = await Promise.all(files.map((file) => import(`./projects/${file}`)));
const stacks = modules.flatMap((module) => module.stacks);
const chosen = stacks.filter(
  ({ name }) => names.length === 0 || names.some((word) => name.includes(word)),
);
if (words.includes('--list') || chosen.length === 0) {
  console.log(stacks.map(({ name }) => name).join('\n'));
  process.exit(chosen.length === 0 ? 2 : 0);
}

const packed = mkdtempSync(path.join(os.tmpdir(), 'fewbits-packed-'));
spawnSync('npm', ['pack', '--silent', '--pack-destination', packed], {
  cwd: path.join(root, 'web'),
});
const tarball = path.join(packed, readdirSync(packed)[0]);
const executablePath = ['/usr/bin/chromium', process.env.CHROMIUM].find(
  (file) => file && existsSync(file),
);
const browser = await chromium.launch({ executablePath });
const columns = (cells) => `| ${cells.join(' | ')} |`;
console.log(columns(['stack', 'version', 'works as documented', 'what is needed', 'first answer']));
console.log(columns(['---', '---', '---', '---', '---:']));

let failed = 0;
for (const { name, packages = {}, version, needs, more, flags, run } of chosen) {
  const project = new Project(name, browser, executablePath);
  let works = 'yes';
  try {
    await project.install(tarball, packages, more, flags);
    for (const [what, answer] of Object.entries(await run(project))) {
      if (!RIGHT.test(answer)) throw new Error(`${what}: ${JSON.stringify(answer)}`);
    }
  } catch (error) {
    works = '**no**';
    failed++;
    const log = path.join(os.tmpdir(), `fewbits-stack-${name.replace(/\W+/g, '-')}.log`);
    rmSync(log, { force: true });
    appendFileSync(log, `${error.stack}\n`);
    console.error(`${name}: ${error.message.slice(0, 1500)}\n  all of it: ${log}`);
  }
  const seen = version ?? Object.values(packages)[0] ?? '';
  const first = project.first === undefined ? '' : `${Math.round(project.first)} ms`;
  console.log(columns([name, seen, works, needs, first]));
  await project.end(keep);
  if (keep) console.error(`${name}: ${project.folder}`);
}
await browser.close();
rmSync(packed, { recursive: true });
process.exitCode = failed > 0 ? 1 : 0;
