// The peak memory of `fewbits quantize` on a large safetensors file: `node tests/bench/model-memory.mjs
// [--workers 2,8,12] [--megabytes 2000] [--type Q4_K] [--node PATH ...]`. It is the resident set of the
// process with all workers, as the system counts it. Fails if it is above 300 MB.

import { spawn } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { encodeBF16, planSafetensors } from 'fewbits/io';

const { values: flags } = parseArgs({
  options: {
    workers: { type: 'string', default: '2,8,12' },
    megabytes: { type: 'string', default: '2000' },
    type: { type: 'string', default: 'Q4_K' },
    dtype: { type: 'string', default: 'BF16' },
    node: { type: 'string', multiple: true, default: [process.execPath] },
  },
});
const limit = 300e6;
const main = fileURLToPath(new URL('../../web/dist/cli/main.js', import.meta.url));

// Runs the command in a process of its own, which reports its peak memory at the end.
const source = `
  process.on('exit', () => process.stderr.write('maxRSS ' + process.resourceUsage().maxRSS));
  await import(${JSON.stringify(main)});`;

/**
 * A file of 4096 x 4096 matrices: one with weight-like values, the others a hole in the file, which reads as
 * zeros.
 */
function writeModel(path, bytes, dtype) {
  const side = 4096;
  const size = dtype === 'F32' ? 4 : 2;
  const tensors = Array.from({ length: Math.ceil(bytes / (size * side * side)) }, (_, i) => {
    return { name: `layers.${i}.weight`, dtype, shape: [side, side] };
  });
  const { header, byteLength } = planSafetensors(tensors);
  const values = Float32Array.from({ length: side }, (_, i) => Math.sin(i * i) / 20);
  const row = dtype === 'F32' ? values : encodeBF16(values);
  const rowBytes = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
  const file = openSync(path, 'w');
  writeSync(file, header);
  for (let i = 0; i < side; i++) writeSync(file, rowBytes);
  ftruncateSync(file, byteLength);
  closeSync(file);
}

function run(node, program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, [program, ...args]);
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => {
      out += text;
    });
    child.stderr.on('data', (text) => {
      err += text;
    });
    child.on('close', (code) => {
      const [, kilobytes] = /maxRSS (\d+)/.exec(err) ?? [];
      if (code === 0 && kilobytes) resolve({ peak: 1024 * Number(kilobytes), out });
      else reject(new Error(`exit code ${code}: ${err}`));
    });
  });
}

const folder = mkdtempSync(join(tmpdir(), 'fewbits-'));
try {
  const [program, input, output] = ['run.mjs', 'in.safetensors', 'out.gguf'].map((name) =>
    join(folder, name),
  );
  writeFileSync(program, source);
  writeModel(input, 1e6 * Number(flags.megabytes), flags.dtype);
  console.log(`${(statSync(input).size / 1e9).toFixed(2)} GB of ${flags.dtype} to ${flags.type}`);
  for (const node of flags.node) {
    for (const workers of flags.workers.split(',')) {
      const args = ['quantize', input, output, '--type', flags.type, '--threads', workers];
      const { peak, out } = await run(node, program, args);
      const seconds = /, ([\d.]+ s)/.exec(out)?.[1];
      const size = `${(peak / 1e6).toFixed(0)} MB`.padStart(7);
      console.log(`${node}: ${workers.padStart(2)} workers, ${size} at most, ${seconds}`);
      if (peak > limit) process.exitCode = 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
