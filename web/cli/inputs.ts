// The files of a model that is named by one of them, by their folder or by the index of its shards.

import { open, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { FewbitsError } from 'fewbits';
import { openGguf } from 'fewbits/io';
import { readAt, withFile } from './files.js';
import { printable, UsageError } from './text.js';

/** The files of a model: one, or all of its parts in order. */
export async function modelFiles(given: string): Promise<string[]> {
  const found = await stat(given);
  if (found.isDirectory()) return filesOfFolder(given);
  if (!found.isFile()) return [given];
  const start = await startOf(given);
  if (start.startsWith('GGUF')) return partsOfSplit(given);
  return /^\s*\{/.test(start) ? shardsOfIndex(given) : [given];
}

async function startOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    return Buffer.from(await readAt(handle, 0, 16)).toString('latin1');
  } finally {
    await handle.close();
  }
}

async function filesOfFolder(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  const named = (ending: string) => names.filter((name) => name.endsWith(ending));
  const indexes = named('.safetensors.index.json');
  // Of a split model only the first part counts.
  const models = [...named('.safetensors'), ...named('.gguf')].filter((name) => {
    const part = partOf(name);
    return part === undefined || part.number === 1;
  });
  const [one, ...more] = indexes.length > 0 ? indexes : models;
  if (one !== undefined && more.length === 0) return modelFiles(path.join(folder, one));
  const what = one === undefined ? 'no model' : `${1 + more.length} models, of which one is needed`;
  const some = [one, ...more]
    .slice(0, 4)
    .map((name) => printable(name ?? ''))
    .join(', ');
  throw new UsageError(`the folder '${folder}' holds ${what}${some && `: ${some}`}`);
}

const LARGEST_INDEX = 1 << 28;

/** The shards that `model.safetensors.index.json` names, in the same folder. */
async function shardsOfIndex(file: string): Promise<string[]> {
  if ((await stat(file)).size > LARGEST_INDEX)
    throw new FewbitsError('CORRUPT_DATA', `'${file}' is too large for an index of shards`);
  let map: unknown;
  try {
    map = JSON.parse(await readFile(file, 'utf8'))?.weight_map;
  } catch (cause) {
    throw new FewbitsError('CORRUPT_DATA', `'${file}' is JSON that cannot be read: ${cause}`);
  }
  if (typeof map !== 'object' || map === null) {
    throw new FewbitsError(
      'CORRUPT_DATA',
      `'${file}' is JSON, but no index of shards: those have a weight_map`,
    );
  }
  const shards = [...new Set<unknown>(Object.values(map))];
  const odd = shards.find(
    (name) => typeof name !== 'string' || !/^[^/\\]*[^/\\.][^/\\]*$/.test(name),
  );
  if (odd !== undefined || shards.length === 0) {
    throw new FewbitsError(
      'CORRUPT_DATA',
      `'${file}' must name the files of shards beside it, it names ${JSON.stringify(odd) ?? 'none'}`,
    );
  }
  return (shards as string[]).sort().map((name) => path.join(path.dirname(file), name));
}

/** The ending that gguf-split gives the names of parts. */
const PART_NAME = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/s;

function partOf(name: string) {
  const [, prefix, number, count] = PART_NAME.exec(name) ?? [];
  return prefix === undefined
    ? undefined
    : { prefix, number: Number(number), count: Number(count) };
}

/** The parts of a split GGUF model, from the name of its first; any other file by itself. */
async function partsOfSplit(file: string): Promise<string[]> {
  const count = await withFile(file, async (source) => {
    const { metadata } = await openGguf(source);
    const no = Number(metadata.get('split.no')?.value ?? 0);
    const count = Number(metadata.get('split.count')?.value ?? 1);
    if (no > 0) {
      const which = `'${file}' is part ${no + 1} of ${count} of a split model`;
      throw new UsageError(`${which}: give its first part`);
    }
    return count;
  });
  if (!(count > 1)) return [file];
  const { prefix, count: named } = partOf(path.basename(file)) ?? {};
  const many = `'${file}' is the first of ${count} parts of a split model`;
  if (prefix === undefined || named !== count) {
    const ending = `-00001-of-${String(count).padStart(5, '0')}.gguf`;
    throw new UsageError(`${many}: its name must end in ${ending}, and the others be beside it`);
  }
  const parts = Array.from({ length: count }, (_, i) => {
    const number = String(i + 1).padStart(5, '0');
    const name = `${prefix}-${number}-of-${String(count).padStart(5, '0')}.gguf`;
    return path.join(path.dirname(file), name);
  });
  for (const part of parts) {
    if ((await stat(part).catch(() => undefined)) === undefined)
      throw new UsageError(`${many}, and '${part}' is missing`);
  }
  return parts;
}
