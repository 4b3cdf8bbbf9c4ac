// Running of a suite in each way, with counts of its tests, failures and reasons.

import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment, readJson, root, run, say } from '../setup/steps.mjs';

export const results = path.join(root, 'build/test-results');

export class Count {
  passed = 0;
  skipped = 0;
  failures = [];

  pass(count = 1) {
    this.passed += count;
  }

  fail(name, why = '') {
    this.failures.push({ name, why });
  }
}

function fresh(name) {
  mkdirSync(results, { recursive: true });
  const file = path.join(results, name.replaceAll(/[^\w.-]+/g, '-'));
  rmSync(file, { force: true });
  return file;
}

/** Runs GoogleTest programs, two at a time; `node` runs those of WebAssembly. */
export async function googleTests(count, preset, tests, node) {
  const pending = [...tests];
  const worker = async () => {
    for (let next = pending.shift(); next; next = pending.shift()) {
      const label = node ? `${preset} ${node.name}` : preset;
      const report = fresh(`${label}-${next.name}.json`);
      const args = [`--gtest_output=json:${report}`, '--gtest_brief=1'];
      const { code, signal, output } = await run(
        node ? node.path : next.file,
        node ? [...node.flags, next.file, ...args] : args,
        { quiet: true, check: false, timeout: 900_000, env: cleanEnvironment() },
      );
      const before = count.failures.length;
      if (existsSync(report)) {
        for (const { name: suite, testsuite } of readJson(report).testsuites) {
          for (const { name, result, failures } of testsuite) {
            if (failures) count.fail(`${label}: ${suite}.${name}`, failures[0].failure);
            else if (result === 'SKIPPED') ++count.skipped;
            else count.pass();
          }
        }
      }
      // A crash, a sanitizer's finding or an abort leaves no report of a failed test.
      if (code !== 0 && count.failures.length === before) {
        count.fail(`${label}: ${next.name} ${signal ? `ended by ${signal}` : `exit code ${code}`}`);
      }
      if (count.failures.length > before) say(`${label} ${next.name}:\n${output}`);
    }
  };
  await Promise.all([worker(), worker()]);
}

/** Runs one project of tests/vitest.config.ts with `node`. */
export async function vitest(count, project, node, extra = {}) {
  const label = `${project} ${node.name}`;
  const report = fresh(`${label}.json`);
  const { code } = await run(
    node.path,
    [
      path.join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--config=tests/vitest.config.ts',
      `--project=${project}`,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    {
      check: false,
      env: cleanEnvironment({
        FEWBITS_NODE: node.path,
        FEWBITS_NODE_FLAGS: node.flags.join(' '),
        ...extra,
      }),
    },
  );
  const before = count.failures.length;
  if (existsSync(report)) {
    for (const { name: file, status, message, assertionResults } of readJson(report).testResults) {
      for (const { fullName, status: outcome, failureMessages } of assertionResults) {
        if (outcome === 'passed') count.pass();
        else if (outcome === 'failed') count.fail(`${label}: ${fullName}`, failureMessages[0]);
        else ++count.skipped;
      }
      if (status === 'failed' && !assertionResults.some((one) => one.status === 'failed')) {
        count.fail(`${label}: ${path.relative(root, file)} does not run`, message);
      }
    }
  }
  if (code !== 0 && count.failures.length === before) count.fail(`${label}: exit code ${code}`);
}

/** Whether there are tests in this folder of tests/. */
export function hasTests(folder) {
  const base = path.join(root, 'tests', folder);
  return (
    existsSync(base) &&
    readdirSync(base, { recursive: true }).some((name) => /\.test\.[mc]?[jt]sx?$/.test(name))
  );
}
