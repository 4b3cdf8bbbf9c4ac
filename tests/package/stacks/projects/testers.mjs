// Test runners: Jest and Vitest, in Node, in jsdom and in a browser.

import { ANSWER, IMPORTS } from '../lib.mjs';
import { NOTHING } from './bundlers.mjs';

/** A test that prints its answer, which this script then judges. */
const test = (imports) => `${imports}${IMPORTS.replace('WORK', './work.mjs')}
test('search', async () => {
  const answer = ${ANSWER};
  expect(answer).toMatch(/^(relaxed|simd128): north,east,south(;north,east,south){2}$/);
}, 60_000);
`;

const JEST = { jest: '30.5.2', 'jest-environment-jsdom': '30.5.2' };
const VITEST = { vitest: '5.1.2', vite: '8.4.0', jsdom: '31.0.1' };
const PASSED = 'simd128: north,east,south';

const jest = (name, config, needs) => ({
  name,
  version: JEST.jest,
  packages: JEST,
  needs,
  async run(project) {
    project.write({
      'search.test.mjs': test(''),
      'jest.config.mjs': `export default ${JSON.stringify(config)};\n`,
    });
    const start = performance.now();
    await project.run('node', [
      '--no-warnings',
      '--experimental-vm-modules',
      'node_modules/jest/bin/jest.js',
    ]);
    project.first = performance.now() - start;
    return { passed: PASSED };
  },
});

const vitest = (name, config, needs, packages = VITEST) => ({
  name,
  version: VITEST.vitest,
  packages,
  needs,
  async run(project) {
    project.write({
      'search.test.mjs': test("import { expect, test } from 'vitest';\n"),
      'vitest.config.mjs': config,
    });
    const start = performance.now();
    await project.bin('vitest', ['run']);
    project.first = performance.now() - start;
    return { passed: PASSED };
  },
});

const MATCH = { testMatch: ['**/*.test.mjs'], transform: {} };
const VM = '`NODE_OPTIONS=--experimental-vm-modules`, for fewbits is ES modules';

export const stacks = [
  jest('Jest, node', MATCH, VM),
  jest(
    'Jest, jsdom',
    {
      ...MATCH,
      testEnvironment: 'jsdom',
      testEnvironmentOptions: { customExportConditions: ['node'] },
    },
    `${VM}; \`testEnvironmentOptions: { customExportConditions: ['node'] }\``,
  ),
  vitest('Vitest, node', 'export default {};\n', NOTHING),
  vitest('Vitest, jsdom', "export default { test: { environment: 'jsdom' } };\n", NOTHING),
  vitest(
    'Vitest, browser',
    `import { playwright } from '@vitest/browser-playwright';
export default {
  test: {
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath: '/usr/bin/chromium' } }),
      instances: [{ browser: 'chromium' }],
    },
  },
};
`,
    NOTHING,
    { ...VITEST, '@vitest/browser-playwright': '5.1.2', playwright: '1.65.1' },
  ),
];
