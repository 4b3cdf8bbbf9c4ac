// Files written by an earlier build of the package: they open, give the same answers, and are still written
// alike.

import { readdirSync, readFileSync } from 'node:fs';
import { type Fewbits, load } from 'fewbits';
import * as io from 'fewbits/io';
import * as models from 'fewbits/models';
import { describe, expect, it } from 'vitest';
import { builds, indexBuilds } from '../support/builds.ts';
import { answersOf, mayBeWrittenOtherwise, writeFiles } from '../support/earlier-files.mjs';

interface IndexAnswers {
  metric: string;
  ids: string;
  found: { ids: string[]; scores: number[] }[];
  last: number[];
}

const folder = new URL('../golden/before/', import.meta.url);
const answers: Record<string, unknown> = JSON.parse(
  readFileSync(new URL('answers.json', folder), 'utf8'),
);
const names = Object.keys(answers);
const isIndex = (name: string) => name.endsWith('.index.safetensors');
const earlier = (name: string) => new Uint8Array(readFileSync(new URL(name, folder)));

function expectClose(actual: number[], expected: number[], most = Number.POSITIVE_INFINITY): void {
  expect(actual.length).toBe(expected.length);
  const within = (value: number) => Math.max(-most, Math.min(value, most));
  actual.forEach((value, i) => {
    const difference = Math.abs(within(value) - within(expected[i]));
    expect(difference).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(expected[i])));
  });
}

function expectAnswers(actual: IndexAnswers, expected: IndexAnswers): void {
  expect(actual.ids).toBe(expected.ids);
  expect(actual.found.map(({ ids }) => ids)).toEqual(expected.found.map(({ ids }) => ids));
  // Estimates of a cosine may exceed 1; whether they are clamped to 1 is not tested here.
  const most = expected.metric === 'cosine' ? 1 : undefined;
  actual.found.forEach(({ scores }, i) => {
    expectClose(scores, expected.found[i].scores, most);
  });
  expectClose(actual.last, expected.last);
}

it('each committed file has its answers', () => {
  const files = readdirSync(folder).filter((name) => /\.(safetensors|gguf|npy)$/.test(name));
  expect(files.sort()).toEqual(names.toSorted());
  expect(names.filter(isIndex).length).toBe(60);
});

describe.each(indexBuilds)('%s', async (_, start) => {
  const fb = await start();
  it.each(names.filter(isIndex))('%s answers as it did', (name) => {
    const actual = answersOf({ fb, io }, name, earlier(name)) as IndexAnswers;
    expectAnswers(actual, answers[name] as IndexAnswers);
  });
});

describe.each((await builds()).map((fb: Fewbits) => [fb.variant, fb] as const))('%s', (_, fb) => {
  it.each(names.filter((name) => !isIndex(name)))('%s reads as it did', (name) => {
    // Converted through JSON, like the expected answers.
    const actual = JSON.parse(JSON.stringify(answersOf({ fb, io }, name, earlier(name))));
    expect(actual).toEqual(answers[name]);
  });
});

it('the same input is written as the same bytes', async () => {
  const written = await writeFiles({ fb: await load(), io, models });
  expect(Object.keys(written).sort()).toEqual(names.toSorted());
  const different = names.filter(
    (name) => !mayBeWrittenOtherwise(name) && Buffer.compare(written[name], earlier(name)) !== 0,
  );
  expect(different).toEqual([]);
});
