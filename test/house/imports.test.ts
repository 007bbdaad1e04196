/** Imports go one way through the rooms, so that each room can be read knowing only those before it. */
import { expect, test } from 'vitest';
import { importsOf, namesOf, roomOf, type Source, sourcesIn } from './sources.ts';

/** A room may import itself and the rooms of the lines above its own; never one of its own line. */
const ROOMS = [
  ['lib'],
  ['model'],
  ['trie'],
  ['document'],
  ['storage', 'routing', 'compute', 'search'],
  ['faults'],
  ['protocol'],
  ['replication'],
  ['replica', 'broker'],
  ['sim', 'node', 'client', 'engines', 'dashboard'],
  ['cli'],
];

const sources = sourcesIn('src', 'actors');

test('every room of src has its place in the order', () => {
  const known = new Set(ROOMS.flat().map((room) => `src/${room}`));

  const unknown = sources
    .map((source) => roomOf(source.path))
    .filter((room) => room.startsWith('src') && !known.has(room));

  expect(unknown).toEqual([]);
});

test('a room imports only rooms before it, and src never imports actors', () => {
  const wrong = ownImports(sourcesIn('src')).filter(([from, to]) => {
    const [room, target] = [roomOf(from), roomOf(to)];
    return room !== target && !(lineOf(target) < lineOf(room));
  });

  expect(wrong).toEqual([]);
});

test('an actor imports no other actor', () => {
  const inActors = sourcesIn('actors').filter((source) => roomOf(source.path) !== 'actors');

  const wrong = ownImports(inActors).filter(([from, to]) => to.startsWith('actors') && roomOf(from) !== roomOf(to));

  expect(wrong).toEqual([]);
});

test('imports of the project name the file with its extension and stay inside src and actors', () => {
  const wrong = ownImports(sources).filter(([, to]) => !/^(src|actors)\/.+\.ts$/.test(to));

  expect(wrong).toEqual([]);
});

test('only what starts threads, what builds and what draws knows where files of the program lie', () => {
  const wrong = sources.filter((source) => namesOf(source).has('import.meta')).map((source) => source.path);

  expect(wrong).toEqual(['actors/build.ts', 'actors/diagrams.ts', 'src/node/spawn.ts']);
});

/** Line of a room in ROOMS; after all of them for what is not in src. */
function lineOf(room: string): number {
  const line = ROOMS.findIndex((rooms) => rooms.some((name) => room === `src/${name}`));
  return line === -1 ? ROOMS.length : line;
}

/** Each import of a project file, as [from, to]. */
function ownImports(files: readonly Source[]): [string, string][] {
  return files.flatMap((source) =>
    importsOf(source)
      .filter((to) => /^(\.\.|src|actors|test|bench)\//.test(to))
      .map((to): [string, string] => [source.path, to]),
  );
}
