// Other names for tensors, by patterns.

import { UsageError } from './text.js';

/** A function of names for `FROM=TO` given some times; undefined for none. */
export function renamerOf(given: readonly string[]): ((name: string) => string) | undefined {
  if (given.length === 0) return undefined;
  const patterns = given.map((text) => {
    const at = text.indexOf('=');
    const [from, to] = [text.slice(0, at), text.slice(at + 1)];
    if (at < 1 || to === '') throw new UsageError(`--rename must be FROM=TO, got '${text}'`);
    if (to.split('*').length > from.split('*').length)
      throw new UsageError(`--rename has more * in TO than in FROM: '${text}'`);
    return { from: from.split('*'), to: to.split('*') };
  });
  return (name) => {
    for (const { from, to } of patterns) {
      const found = matched(name, from);
      if (found !== undefined)
        return to.map((part, i) => (i === 0 ? part : `${found[i - 1]}${part}`)).join('');
    }
    return name;
  };
}

/** What each `*` between the parts of a pattern stands for, as short as it can be; undefined where it does not fit. */
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
