// The front page: a wave in a few bits, and the error that this causes.

import { slider } from './shared/controls.ts';
import { byteSize, ratio } from './shared/format.ts';
import { html, live } from './shared/live.ts';
import './shared/plot.ts';
import { facts, transcript } from './shared/results.ts';

const wave = () =>
  Float32Array.from({ length: 1024 }, (_, i) => Math.sin(i / 40) * Math.exp(-i / 500));

live('example', { bits: 3, blockBits: 7 }, (fb, { bits, blockBits }, set) => {
  const x = wave();
  const block = 2 ** blockBits;
  const q = fb.uniform.quantize(x, { bits, scheme: 'asymmetric', block });
  const y = fb.uniform.dequantize(q);
  const { sqnrDb } = fb.compare(x, y);
  return html`
    <div class="controls">
      ${slider({ label: 'Bits a value', min: 2, max: 8, value: bits, set: (bits) => set({ bits }) })}
      ${slider({
        label: 'Values that share a scale',
        min: 3,
        max: 10,
        value: blockBits,
        text: String(block),
        set: (blockBits) => set({ blockBits }),
      })}
    </div>
    <few-plot .spec=${{
      description: `A fading wave of 1024 values, and the same from codes of ${bits} bits in blocks of ${block}: a staircase of up to ${2 ** bits} levels a block.`,
      x: Float32Array.from(x, (_, i) => i),
      xLabel: 'index',
      yLabel: 'value',
      height: 280,
      series: [
        { label: 'original', y: x, color: 'original', width: 1.5 },
        { label: 'from codes', y, color: 'returned', kind: 'steps', width: 1.5 },
      ],
    }}></few-plot>
    ${facts([
      ['before', byteSize(x.byteLength), 'original'],
      ['stored', byteSize(q.byteLength), 'stored'],
      ['smaller', ratio(x.byteLength / q.byteLength), 'stored'],
      ['signal over noise', `${sqnrDb.toFixed(1)} dB`, 'returned'],
    ])}`;
});

live('output', {}, (fb) => {
  const x = wave();
  const q = fb.uniform.quantize(x, { bits: 4, scheme: 'asymmetric', block: 128 });
  const y = fb.uniform.dequantize(q);
  return transcript(
    'What the example prints',
    `${q.byteLength} bytes instead of ${x.byteLength}
${fb.compare(x, y).sqnrDb} dB of signal over noise`,
  );
});
