// Recall against bytes as an SVG with a line for each method, from the points of a set.

const [WIDTH, HEIGHT, LEFT, BOTTOM, RIGHT, TOP] = [960, 560, 60, 50, 200, 40];
const COLOURS = [
  '#0b6e4f',
  '#c0392b',
  '#2457a6',
  '#b8860b',
  '#7d3c98',
  '#16808c',
  '#7f5539',
  '#555',
];

const escaped = (text) => text.replace(/[<&]/g, (c) => (c === '<' ? '&lt;' : '&amp;'));

/** The method of a point: its name without the number of bits, so that all widths of a method form a line. */
export const method = ({ library, name }) =>
  `${library} ${name}`
    .replace(/\d+ \+ \d+ bits/, 'with a finer code')
    .replace(/\d+ bits,? ?/, '')
    .replace(/PQ\d+/g, 'PQ')
    .replace(/(RR,\w*?|SQ)\d+$/, '$1')
    .trim();

/** The picture of `points`: { library, name, bytes, recall }. */
export function plot(title, points) {
  const lines = new Map();
  for (const point of points) {
    const name = method(point);
    lines.set(name, [...(lines.get(name) ?? []), point]);
  }
  const most = Math.max(...points.map(({ bytes }) => bytes));
  const least = Math.min(...points.map(({ bytes }) => bytes));
  const low = Math.max(0, Math.floor(Math.min(...points.map(({ recall }) => recall)) * 10) / 10);
  const x = (bytes) =>
    LEFT + (Math.log(bytes / least) / Math.log(most / least)) * (WIDTH - LEFT - RIGHT);
  const y = (recall) => HEIGHT - BOTTOM - ((recall - low) / (1 - low)) * (HEIGHT - BOTTOM - TOP);
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#fff"/><text x="${LEFT}" y="22" font-size="15">${escaped(title)}: recall@10 against bytes a vector</text>`,
  ];
  for (let r = low; r <= 1.0001; r += 0.1) {
    out.push(
      `<path d="M${LEFT} ${y(r)}H${WIDTH - RIGHT}" stroke="#ddd"/><text x="${LEFT - 8}" y="${y(r) + 4}" text-anchor="end">${r.toFixed(1)}</text>`,
    );
  }
  for (let b = 2 ** Math.ceil(Math.log2(least)); b <= most; b *= 2) {
    out.push(
      `<path d="M${x(b)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#eee"/><text x="${x(b)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${b}</text>`,
    );
  }
  let i = 0;
  let under = 0;
  for (const [name, all] of lines) {
    const colour = COLOURS[i % COLOURS.length];
    const dash = i >= COLOURS.length ? ' stroke-dasharray="5 3"' : '';
    const sorted = all.toSorted((a, b) => a.bytes - b.bytes);
    const path = sorted.map(
      ({ bytes, recall }) => `${x(bytes).toFixed(1)} ${y(recall).toFixed(1)}`,
    );
    out.push(
      `<path d="M${path.join('L')}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`,
    );
    for (const at of path) {
      const [cx, cy] = at.split(' ');
      out.push(`<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`);
    }
    under += 18;
    out.push(
      `<path d="M${WIDTH - RIGHT + 12} ${TOP + under - 4}h18" stroke="${colour}" stroke-width="2"${dash}/><text x="${WIDTH - RIGHT + 36}" y="${TOP + under}">${escaped(name)}</text>`,
    );
    i++;
  }
  out.push('</svg>');
  return `${out.join('\n')}\n`;
}
