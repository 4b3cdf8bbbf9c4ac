// The source files of this repository, and their contents: imports, functions and heads.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vite';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Folders of generated, downloaded or foreign files. */
const SKIPPED = new Set(['node_modules', 'dist', 'golden', 'corpus', 'public', 'wasm']);

/** The files below `folder` whose names end in one of `endings`, relative to the root, with slashes. */
export function filesBelow(folder: string, endings: readonly string[]): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!SKIPPED.has(entry.name)) found.push(...filesBelow(name, endings));
    } else if (endings.some((ending) => entry.name.endsWith(ending))) {
      found.push(name);
    }
  }
  return found.sort();
}

export const textOf = (file: string): string =>
  readFileSync(path.join(root, file), 'utf8').replaceAll('\r\n', '\n');

interface Node {
  type: string;
  start: number;
  end: number;
  [key: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** A node and all nodes below it, each with its parent. */
function nodesOf(top: Node): { node: Node; parent?: Node }[] {
  const found: { node: Node; parent?: Node }[] = [{ node: top }];
  for (let at = 0; at < found.length; at++) {
    const { node } = found[at];
    for (const key in node) {
      const value = node[key];
      if (Array.isArray(value)) {
        for (const child of value) if (isNode(child)) found.push({ node: child, parent: node });
      } else if (isNode(value)) {
        found.push({ node: value, parent: node });
      }
    }
  }
  return found;
}

/** The nodes of a script's syntax tree, each with its parent. */
function nodesIn(file: string) {
  const lang = file.endsWith('ts') ? 'ts' : 'js';
  return nodesOf(parseAst(textOf(file), { lang }) as unknown as Node);
}

/** The modules named in imports, exports from elsewhere, `import()` and `new URL(..., import.meta.url)`. */
export function importsOf(file: string): string[] {
  const found: string[] = [];
  const literal = (value: unknown) => {
    if (isNode(value) && value.type === 'Literal' && typeof value.value === 'string') {
      found.push(value.value);
    }
  };
  for (const { node } of nodesIn(file)) {
    if (/^(Import|Export\w*)Declaration$|^Import(Expression)$|^TSImportType$/.test(node.type)) {
      literal(node.source ?? node.argument);
    } else if (node.type === 'NewExpression' && isNode(node.callee) && node.callee.name === 'URL') {
      const [first, base] = node.arguments as Node[];
      if (base?.type === 'MemberExpression') literal(first);
    }
  }
  return found;
}

/**
 * The first line and the number of lines of each function, without the bodies of tests and groups of tests.
 */
export function functionsOf(file: string): { line: number; lines: number }[] {
  const text = textOf(file);
  const lineAt = (offset: number) => {
    let line = 1;
    for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1))
      line++;
    return line;
  };
  const found: { line: number; lines: number }[] = [];
  for (const { node, parent } of nodesIn(file)) {
    if (!/Function/.test(node.type) || !isNode(node.body)) continue;
    if (
      parent?.type === 'CallExpression' &&
      /^(describe|group|it|test|beforeAll)\b/.test(text.slice(parent.start))
    )
      continue;
    const line = lineAt(node.start);
    found.push({ line, lines: lineAt(node.end) - line + 1 });
  }
  return found;
}

/** An expression without `as`, `satisfies` and the like around it. */
function bare(node: Node): Node {
  const inner = /^TS.*Expression$/.test(node.type) ? node.expression : undefined;
  return isNode(inner) ? bare(inner) : node;
}

/** Tests whether an expression is a literal number, string or regular expression, or a list of such. */
function isFixed(given: unknown): boolean {
  if (!isNode(given)) return false;
  const node = bare(given);
  switch (node.type) {
    case 'Literal':
      return typeof node.value !== 'boolean' && node.raw !== 'null';
    case 'TemplateLiteral':
      return (node.expressions as Node[]).length === 0;
    case 'UnaryExpression':
      return isFixed(node.argument);
    case 'BinaryExpression':
      return isFixed(node.left) && isFixed(node.right);
    case 'ArrayExpression':
      return (node.elements as unknown[]).length > 0 && (node.elements as unknown[]).every(isFixed);
    case 'NewExpression':
      return (
        isNode(node.callee) && node.callee.name === 'Set' && isFixed((node.arguments as Node[])[0])
      );
    default:
      return false;
  }
}

/** The constants of a module that are literals. */
export function constantsOf(file: string): string[] {
  const found: string[] = [];
  for (const { node, parent } of nodesIn(file)) {
    const top = parent?.type === 'Program' || parent?.type === 'ExportNamedDeclaration';
    if (!top || node.type !== 'VariableDeclaration' || node.kind !== 'const') continue;
    for (const { id, init } of node.declarations as { id: Node; init: unknown }[]) {
      if (typeof id.name === 'string' && isFixed(init)) found.push(id.name);
    }
  }
  return found;
}

const COMMENTS: Record<string, RegExp> = {
  slashes: /^(?:\/\/(?!\/ <)[^\n]*\n)+|^\/\*[\s\S]*?\*\//,
  hash: /^(?:#[^\n]*\n)+|^"""[\s\S]*?"""/,
};

/** The comment at the start of a file without its markers: after a shebang, or `/// <reference>`. */
export function headOf(file: string): string {
  const kind = /\.(cmake|txt|py|sh)$/.test(file) ? 'hash' : 'slashes';
  const text = textOf(file)
    .replace(/^#!.*\n+/, '')
    .replace(/^(\/\/\/ <.*\n+)+/, '');
  const [comment = ''] = COMMENTS[kind].exec(text) ?? [];
  return comment
    .replaceAll(/^[ \t]*(?:\/\/\/?|\/\*\*?|\*\/|\*|#|""")/gm, '')
    .replaceAll(/\*\/|"""/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
