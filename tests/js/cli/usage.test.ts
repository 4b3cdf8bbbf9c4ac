// Help, usage errors and exit codes of the `fewbits` command.

import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GgufBuilder } from '../io/gguf-builder.js';
import { useCommand } from './support.ts';

const { fewbits, path } = useCommand();

describe('help and usage', () => {
  it('each command explains itself', async () => {
    for (const [args, says] of [
      [['--help'], 'embed-quantize'],
      [['help', 'quantize'], '--rule NAME=TYPE'],
      [['quantize', '--help'], '--rule NAME=TYPE'],
      [['inspect', '-h'], '--json'],
      [['embed-quantize', '--help'], '--bits N'],
    ] as const) {
      const { code, out } = await fewbits(...args);
      expect(code).toBe(0);
      expect(out).toContain(says);
      expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
    }
    const { version } = JSON.parse(
      readFileSync(new URL('../../../web/package.json', import.meta.url), 'utf8'),
    );
    expect((await fewbits('--version')).out).toBe(`${version}\n`);
  });

  it('wrong usage is exit code 2 and one line that says what', async () => {
    writeFileSync(path('a'), 'something');
    for (const [args, says] of [
      [[], /which command/],
      [['toString'], /no command 'toString'/],
      [['quantize', 'a', 'b'], /--type is missing/],
      [['quantize', 'a'], /expected <in> <out.gguf>/],
      [['quantize', 'a', './a', '--type', 'Q4_K'], /the same file/],
      [['quantize', 'a', 'b', '--type', 'Q9'], /--type must be one of keep, F32/],
      [['quantize', 'a', 'b', '--type', 'Q4_K', '--rule', 'x'], /NAME=TYPE/],
      [['quantize', 'a', 'b', '--typ', 'Q4_K'], /--typ/],
      [['quantize', 'a', 'b', '--type', 'Q4_K', '--rename', 'x'], /--rename must be FROM=TO/],
      [['quantize', 'a', 'b', '--type', 'Q4_K', '--rename', 'x=*'], /more \* in TO/],
      [
        ['quantize', 'a', 'b', '--type', 'Q4_K', '--meta', 'k=u8:256'],
        /--meta k: '256' is not an integer from 0 to 255/,
      ],
      [['quantize', 'a', '.', '--type', 'Q4_K'], /'\.' is a folder: give the name of a file in it/],
      [['quantize', '.', 'b', '--type', 'Q4_K'], /the folder '\.' holds no model/],
      [['quantize', 'a', 'no/b', '--type', 'Q4_K'], /there is no folder '.*no' for 'no\/b'/],
      [['quantize', 'a', '', '--type', 'Q4_K'], /expected <in> <out\.gguf>/],
      [['inspect', '.'], /'\.' is a folder, not a file/],
      [['inspect', '--', '--json', 'a'], /expected <file>, got 2/],
      [['embed-quantize', 'a', 'a'], /the same file/],
      [['help', 'x'], /no command 'x'/],
      [['quantize', 'a', 'b', '--type', 'Q4_K', '--threads', '0'], /--threads/],
      [['embed-quantize', 'a', 'b', '--bits', '9'], /--bits must be an integer from 2 to 8/],
    ] as const) {
      const { code, err } = await fewbits(...args);
      expect(err).toMatch(says);
      expect(err).not.toContain('    at ');
      expect(code).toBe(2);
    }
  });

  it('what cannot be read is exit code 1 and one line that says what', async () => {
    writeFileSync(path('text.gguf'), 'GGUF but nothing else');
    writeFileSync(path('old.gguf'), new GgufBuilder().start(0, 0, 1).done());
    for (const [args, says] of [
      [['inspect', 'absent.npy'], /ENOENT.*absent\.npy/],
      [['inspect', 'text.gguf'], /21 bytes are too few for the 24/],
      [['quantize', 'old.gguf', 'x.gguf', '--type', 'Q4_K'], /version 1 is not 2 or 3/],
    ] as const) {
      const { code, err } = await fewbits(...args);
      expect(err).toMatch(says);
      expect(err.trim().split('\n').length).toBe(1);
      expect(code).toBe(1);
    }
  });
});
