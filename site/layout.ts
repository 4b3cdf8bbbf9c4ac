// The frame of every page: head, navigation and the links at the bottom.

import { GROUPS, type Page, pages } from './pages.ts';

export const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/** Every page is a folder with an index.html, so that addresses end in a slash on any host. */
const address = (root: string, page: Page) => (page.name ? `${root}pages/${page.name}/` : root);

function navigation(root: string, current: Page): string {
  const link = (page: Page) =>
    `<li><a href="${address(root, page)}"${page === current ? ' aria-current="page"' : ''}>${escaped(page.name ? page.title : 'What it is')}</a></li>`;
  return GROUPS.map((group) => ({ group, members: pages.filter((page) => page.group === group) }))
    .filter(({ members }) => members.length > 0)
    .map(
      ({ group, members }) =>
        `<h2 id="nav-${group.toLowerCase()}">${group}</h2>
        <ul aria-labelledby="nav-${group.toLowerCase()}">${members.map(link).join('')}</ul>`,
    )
    .join('\n');
}

/** A ruler of thirty-two cells, of which those that a value keeps are marked. */
function ruler({ bits }: Page): string {
  const cells = Array.from({ length: 32 }, (_, i) => `<i${i < bits ? ' class="kept"' : ''}></i>`);
  return `<div class="ruler" aria-hidden="true">${cells.join('')}</div>`;
}

function neighbours(root: string, current: Page): string {
  const at = pages.indexOf(current);
  const link = (page: Page | undefined, rel: string, word: string) =>
    page
      ? `<a rel="${rel}" href="${address(root, page)}"><small>${word}</small> ${escaped(page.name ? page.title : 'What it is')}</a>`
      : '<span></span>';
  return `<nav class="neighbours" aria-label="Neighbouring pages">
    ${link(pages[at - 1], 'prev', 'Before')}
    ${link(pages[at + 1], 'next', 'Next')}
  </nav>`;
}

/** The replacement of `<!-- pages -->` on the home page. */
function contentsList(): string {
  const item = (page: Page) =>
    `<dt><a href="${address('./', page)}">${escaped(page.title)}</a></dt><dd>${escaped(page.summary)}</dd>`;
  return `<dl class="contents">${pages
    .filter((page) => page.name)
    .map(item)
    .join('')}</dl>`;
}

/**
 * The whole document around the contents of a page's index.html, which go into <main>.
 *
 * @param csp the content security policy to put into the document, if any
 */
export function layout(page: Page, contents: string, csp?: string): string {
  const root = page.name ? '../../' : './';
  const title = page.name ? `${page.title} · fewbits` : `${page.title}: few-bit quantization`;
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  ${csp ? `<meta http-equiv="Content-Security-Policy" content="${csp}">` : ''}
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escaped(title)}</title>
  <meta name="description" content="${escaped(page.summary)}">
  <meta name="color-scheme" content="light dark">
  <link rel="icon" href="/icon.svg" type="image/svg+xml">
  <script src="/theme.js"></script>
  <link rel="stylesheet" href="/shared/styles/index.css">
  <script type="module" src="./main.ts"></script>
</head>
<body>
  <a class="skip" href="#main">Skip to the contents</a>
  <header class="side">
    <div class="brand">
      <a href="${root}"><svg class="mark" viewBox="0 0 22 10" aria-hidden="true"><use href="#mark"></use></svg>fewbits</a>
    </div>
    <button type="button" class="theme" id="theme">Theme</button>
    <button type="button" class="menu" id="menu" aria-controls="nav" aria-expanded="true">Pages</button>
    <nav id="nav" aria-label="Pages">
      ${navigation(root, page)}
    </nav>
  </header>
  <main id="main" tabindex="-1">
    ${ruler(page)}
    ${contents.replace('<!-- pages -->', contentsList)}
    ${neighbours(root, page)}
  </main>
  <footer>
    <p>Everything on these pages is computed in your browser by the package <code>fewbits</code>. No file you open leaves this machine.</p>
  </footer>
  <svg width="0" height="0" class="hidden" aria-hidden="true">
    <symbol id="mark" viewBox="0 0 22 10">
      <g class="off"><rect x="0" y="0" width="4" height="4"/><rect x="18" y="0" width="4" height="4"/><rect x="0" y="6" width="4" height="4"/><rect x="18" y="6" width="4" height="4"/></g>
      <g class="on"><rect x="6" y="0" width="4" height="4"/><rect x="12" y="0" width="4" height="4"/><rect x="6" y="6" width="4" height="4"/><rect x="12" y="6" width="4" height="4"/></g>
    </symbol>
  </svg>
</body>
</html>
`;
}
