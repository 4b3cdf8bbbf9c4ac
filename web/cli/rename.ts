// New names for tensors, by patterns.

import { UsageError } from './text.js';

/** Renames matching tensors, and lists the patterns that have matched none so far. */
export interface Renamer {
  rename(name: string): string;
  unmatched(): string[];
}

/** Creates a renamer from `FROM=TO` patterns. */
export function renamerOf(given: readonly string[]): Renamer {
  const left = new Set(given);
  const patterns = given.map((text) => {
    const at = text.indexOf('=');
    const [from, to] = [text.slice(0, at), text.slice(at + 1)];
    if (at < 1 || to === '') throw new UsageError(`--rename must be FROM=TO, got '${text}'`);
    if (to.split('*').length > from.split('*').length)
      throw new UsageError(`--rename has more * in TO than in FROM: '${text}'`);
    return { text, from: from.split('*'), to: to.split('*') };
  });
  return {
    rename(name) {
      let renamed: string | undefined;
      for (const { text, from, to } of patterns) {
        const found = matched(name, from);
        if (found === undefined) continue;
        left.delete(text);
        renamed ??= to.map((part, i) => (i === 0 ? part : `${found[i - 1]}${part}`)).join('');
      }
      return renamed ?? name;
    },
    unmatched: () => [...left],
  };
}

/**
 * The text matched by each `*` between the parts of a pattern, as short as possible; undefined if the name
 * does not match.
 */
function matched(name: string, [first = '', ...rest]: readonly string[]): string[] | undefined {
  const last = rest.pop();
  if (last === undefined) return name === first ? [] : undefined;
  if (!name.startsWith(first)) return undefined;
  const stars: string[] = [];
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return undefined;
    stars.push(name.slice(at, found));
    at = found + part.length;
  }
  if (name.length - last.length < at || !name.endsWith(last)) return undefined;
  return [...stars, name.slice(at, name.length - last.length)];
}
