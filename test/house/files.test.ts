/** Names and places of files: what a reader can count on before opening one. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT, roomOf, type Source, sourcesIn } from './sources.ts';

const TOP_LEVEL = [
  'LICENSE',
  'README.md',
  'actors',
  'bench',
  'package-lock.json',
  'package.json',
  'src',
  'test',
  'tsconfig.json',
];

const product = sourcesIn('src', 'actors', 'bench');
const tests = sourcesIn('test');

test('the top level holds the agreed folders and files, and nothing else but what git ignores and dotfiles', () => {
  const ignored = readFileSync(join(ROOT, '.gitignore'), 'utf8')
    .split('\n')
    .map((line) => line.replace(/\/$/, ''));

  const others = readdirSync(ROOT).filter(
    (name) => !name.startsWith('.') && !ignored.includes(name) && !TOP_LEVEL.includes(name),
  );

  expect(others).toEqual([]);
});

test('file names are kebab-case and say what is inside', () => {
  const wrong = [...product, ...tests].filter(({ path }) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return (
      !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.ts$/.test(name) || /^(index|utils?|helpers?|common|types)\./.test(name)
    );
  });

  expect(pathsOf(wrong)).toEqual([]);
});

test('each file of the product opens with a comment that says what it is', () => {
  const wrong = product.filter(({ text }) => !/^(#!.*\n)?\/[/*]/.test(text));

  expect(pathsOf(wrong)).toEqual([]);
});

test('a test in the folder of a room is named after the file of the room that it tests', () => {
  const wrong = tests.filter(({ path }) => {
    const mirrored = path.replace(/^test\//, '').replace(/(\.[a-z0-9-]+)?\.test\.ts$/, '.ts');
    const file = mirrored.startsWith('actors/') ? mirrored : `src/${mirrored}`;
    return path.endsWith('.test.ts') && existsSync(join(ROOT, roomOf(file))) && !existsSync(join(ROOT, file));
  });

  expect(pathsOf(wrong)).toEqual([]);
});

test('no check is switched off and nothing is left for later in the text', () => {
  const marks = /\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b|(c8|v8|istanbul) ignor[e]|@ts-(ignor[e]|nochec[k])|ignore-al[l]\b/;
  const skipped = /\b(it|test|describe|bench)\.(ski[p]|onl[y]|tod[o]|fail[s])\b/;

  const wrong = [...product, ...tests].filter(({ text }) => marks.test(text) || skipped.test(text));

  expect(pathsOf(wrong)).toEqual([]);
});

function pathsOf(sources: readonly Source[]): string[] {
  return sources.map((source) => source.path);
}
