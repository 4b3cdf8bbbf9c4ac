// The command `fewbits inspect`.

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { writeNpy, writeSafetensors } from 'fewbits/io';
import { describe, expect, it } from 'vitest';
import { handmadeGguf } from '../io/gguf-builder.js';
import { useCommand } from './support.ts';

const { fewbits, folder, path } = useCommand();

describe('inspect', () => {
  it('a GGUF file', async () => {
    writeFileSync(path('handmade.gguf'), handmadeGguf());
    const { code, out } = await fewbits('inspect', 'handmade.gguf');
    expect(code).toBe(0);
    expect(out).toMatch(/^handmade\.gguf: GGUF version 3, 856 B, 3 tensors$/m);
    expect(out).toMatch(/^a\.u64 +18446744073709551615$/m);
    expect(out).toMatch(/^q +Q4_0 +2 x 64 +72$/m);
    const json = JSON.parse((await fewbits('inspect', '--json', 'handmade.gguf')).out);
    expect(json.metadata['a.nested']).toEqual([
      [1, 2],
      [true, false, true],
    ]);
    expect(json.metadata['a.u64']).toBe('18446744073709551615');
    expect(json.tensors[1]).toMatchObject({ name: 'odd', type: '999', shape: [5] });
  });

  it('text that would command the terminal is shown, not sent', async () => {
    const data = new Float32Array(1);
    const metadata = { a: '\x1b[2Jline\n' };
    const bytes = writeSafetensors([{ name: '\x1b]0;t\x07', shape: [1], data }], metadata);
    writeFileSync(path('terminal.safetensors'), bytes);
    const { out } = await fewbits('inspect', 'terminal.safetensors');
    expect(out).toContain('\\u001b[2Jline\\u000a');
    expect(out).toContain('\\u001b]0;t\\u0007');
    expect(out).not.toContain('\x1b');
  });

  it('hostile names are escaped in JSON too, which reads as the same', async () => {
    const odd = '\x1b[2J\x9b1m\u202e\u2066\u200b\ufeff\u2028\u{e0041}\ue000é😀"\\';
    const data = new Float32Array(1);
    const bytes = writeSafetensors([{ name: odd, shape: [1], data }], { [odd]: odd.repeat(5000) });
    writeFileSync(path('hostile.safetensors'), bytes);
    for (const flags of [[], ['--json']]) {
      const { code, out } = await fewbits('inspect', 'hostile.safetensors', ...flags);
      expect(code).toBe(0);
      expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u);
      if (flags.length === 0) continue;
      const { tensors, metadata } = JSON.parse(out);
      expect(tensors[0].name).toBe(odd);
      expect(metadata).toEqual({ [odd]: odd.repeat(5000) });
    }
    const absent = await fewbits('inspect', '\x1b[2J.gguf');
    expect(absent.err).toContain('\\u001b[2J.gguf');
    expect(absent.err).not.toContain('\x1b');
  });

  it('long names and values are cut, the JSON is whole', async () => {
    const long = 'n'.repeat(1 << 20);
    const data = new Float32Array(0);
    const tensors = Array.from({ length: 1000 }, (_, i) => ({ name: `t${i}`, shape: [0], data }));
    writeFileSync(
      path('long.safetensors'),
      writeSafetensors([...tensors, { name: long, shape: [0], data }], { [long]: long }),
    );
    const { code, out } = await fewbits('inspect', 'long.safetensors');
    expect(code).toBe(0);
    expect(out.length).toBeLessThan(200_000);
    expect(out).toMatch(/^n{72}\.\.\. \(1048576 characters\) {2}n{72}\.\.\. /m);
    const json = JSON.parse((await fewbits('inspect', 'long.safetensors', '--json')).out);
    expect(json.tensors[1000].name).toBe(long);
    expect(json.metadata).toEqual({ [long]: long });
  });

  it('a reader that stops ends it without a word', async () => {
    const data = new Float32Array(0);
    const tensors = Array.from({ length: 20_000 }, (_, i) => ({
      name: `tensor ${i}`,
      shape: [0],
      data,
    }));
    writeFileSync(path('many.safetensors'), writeSafetensors(tensors));
    const main = new URL('../../../web/dist/cli/main.js', import.meta.url).pathname;
    for (const flags of ['', '--json']) {
      const line = `"$0" "$1" inspect many.safetensors ${flags} | head -c 100; echo " \${PIPESTATUS[0]}"`;
      const words = ['-c', line, process.execPath, main];
      const { stdout, stderr } = spawnSync('bash', words, { cwd: folder, encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(stdout).toMatch(/ 0\n$/);
    }
  });

  it('safetensors and npy files', async () => {
    const data = new Float32Array(6);
    writeFileSync(
      path('one.safetensors'),
      writeSafetensors([{ name: 'w', shape: [2, 3], data }], { by: 'me' }),
    );
    const safetensors = await fewbits('inspect', 'one.safetensors');
    expect(safetensors.out).toMatch(/^by +me$/m);
    expect(safetensors.out).toMatch(/^w +F32 +2 x 3 +24$/m);
    const options = { fortranOrder: true, bigEndian: true };
    writeFileSync(path('one.npy'), writeNpy({ data, shape: [2, 3] }, options));
    const npy = await fewbits('inspect', 'one.npy');
    expect(npy.out).toMatch(/npy, Fortran order, big-endian, 152 B/);
  });
});
