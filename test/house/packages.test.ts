/** What the project stands on: exact versions, an allowed set, a lockfile that any registry can serve, one licence. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './sources.ts';

type Versions = { readonly [name: string]: string };
type Manifest = {
  readonly license?: string;
  readonly dependencies?: Versions;
  readonly optionalDependencies?: Versions;
  readonly devDependencies?: Versions;
};
type Locked = { readonly version?: string; readonly resolved?: string; readonly optionalDependencies?: Versions };
type Lock = { readonly packages: { readonly [path: string]: Locked } };

const MANIFESTS = ['package.json', 'bench/package.json'];
const LOCKS = ['package-lock.json', 'bench/package-lock.json'];

/** Code execution through their input, with no fix that holds. */
const UNSAFE = ['expr-eval', 'expr-eval-fork', 'jsonpath', 'jsonpath-plus'];

/** Stores and tries of others: being one is what this project is for. */
const STORES =
  /^(.*[/-])?(level(up|down|db)?|(classic|abstract|memory)-level|lmdb.*|rocksdb.*|(better-)?sqlite3?|nedb.*|lowdb|keyv|lokijs|pouchdb.*|rxdb|tingodb|mnemonist|.*trie.*|radix.*)$/;

test('versions are exact', () => {
  const wrong = MANIFESTS.flatMap((path) => {
    const { dependencies, optionalDependencies, devDependencies } = read<Manifest>(path);
    return Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    );
  });

  expect(wrong).toEqual([]);
});

test('no package is one that runs its input as code', () => {
  const packages = packagesOf('package-lock.json');

  const mathjs = packages.filter(({ name, version }) => name === 'mathjs' && olderThan(version, [15, 2]));

  expect(packages.filter(({ name }) => UNSAFE.includes(name))).toEqual([]);
  expect(mathjs).toEqual([]);
});

test('no package is a store or a trie', () => {
  const stores = packagesOf('package-lock.json').filter(({ name }) => STORES.test(name));

  expect(stores).toEqual([]);
});

test('the lockfiles hold the packages of every platform, without which npm ci refuses them', () => {
  const missing = LOCKS.flatMap((path) => {
    const { packages } = read<Lock>(path);
    return Object.entries(packages).flatMap(([user, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {}).filter(
        (name) => !(`node_modules/${name}` in packages || `${user}/node_modules/${name}` in packages),
      ),
    );
  });

  expect(missing).toEqual([]);
});

test('the lockfiles name no registry', () => {
  const resolved = LOCKS.flatMap((path) =>
    Object.values(read<Lock>(path).packages).flatMap((entry) => entry.resolved ?? []),
  );

  expect(resolved).toEqual([]);
});

test('package.json and LICENSE name the same licence', () => {
  const { license } = read<Manifest>('package.json');

  const [title] = readFileSync(join(ROOT, 'LICENSE'), 'utf8').split('\n');

  expect(title).toBe(`${license} License`);
});

function packagesOf(lock: string): { readonly name: string; readonly version: string }[] {
  return Object.entries(read<Lock>(lock).packages)
    .filter(([path]) => path !== '')
    .map(([path, { version = '' }]) => ({ name: path.slice(path.lastIndexOf('node_modules/') + 13), version }));
}

function olderThan(version: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number);
  return ownMajor < major || (ownMajor === major && ownMinor < minor);
}

function read<T>(path: string): T {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as T;
}
