// Rows of benchmarks as lines of text.

export function print(row) {
  const rate = row.bytes ? `${(row.bytes / row.ms / 1e6).toFixed(2)} GB/s` : '';
  const ratios = Object.entries(row.ratios ?? {}).map(
    ([name, ratio]) => `${ratio.toFixed(2)}x ${name}`,
  );
  const time =
    row.ms === undefined ? '' : `${row.ms.toFixed(row.ms < 0.1 ? 5 : row.ms < 1 ? 3 : 2)} ms`;
  const cells = [row.case.padEnd(16), row.name.padEnd(44), time.padStart(11), rate.padStart(11)];
  console.log(`${cells.join(' ')}  ${[...ratios, ...(row.facts ?? [])].join('   ')}`.trimEnd());
}

export function heading(text) {
  console.log(`\n${text}\n${'-'.repeat(text.length)}`);
}
