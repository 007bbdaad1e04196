/** What the rules about the code look at: the TypeScript files of the project, what each imports and what it names. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAst } from 'vitest/node';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A project file: its path from the root, with `/`, and its text. */
export type Source = { readonly path: string; readonly text: string };

/** Every .ts file below these folders of the project, in order of their paths. */
export function sourcesIn(...folders: readonly string[]): Source[] {
  return folders
    .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT, exclude: ['**/node_modules'] }))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** The room of a file: `src/trie`, `actors/broker`; `actors` for a file right in that folder. */
export function roomOf(path: string): string {
  return path.split('/').slice(0, -1).slice(0, 2).join('/');
}

/** What a file imports, types included: paths from the root for the project's own files, else the name as written. */
export function importsOf(source: Source): string[] {
  const found: string[] = [];
  for (const node of nodesOf(source)) {
    const from = node['source'];
    if (isNode(from) && typeof from['value'] === 'string') {
      const name = from['value'];
      found.push(name.startsWith('.') ? normalize(join(dirname(source.path), name)) : name);
    }
  }
  return found;
}

/** Names a file uses that it could not have declared as a property: `setTimeout`, `Date.now`, `new Date`, `await`, `import.meta`. */
export function namesOf(source: Source): Set<string> {
  const names = new Set<string>();
  const properties = new Set<unknown>();
  for (const node of nodesOf(source)) {
    const { object, property } = node as { object?: unknown; property?: unknown };
    if (node.type === 'MemberExpression' && isNode(object) && isNode(property)) {
      if (node['computed'] !== true) properties.add(property);
      if (object.type === 'Identifier') names.add(`${String(object['name'])}.${String(property['name'])}`);
    }
    if ('key' in node && node['computed'] !== true) properties.add(node['key']);
    if (node.type === 'NewExpression' && isNode(node['callee'])) names.add(`new ${String(node['callee']['name'])}`);
    if (node.type === 'AwaitExpression' || node['await'] === true) names.add('await');
    if (node.type === 'MetaProperty') names.add('import.meta');
    if (node.type === 'Identifier' && !properties.has(node)) names.add(String(node['name']));
  }
  return names;
}

type Node = { readonly type: string; readonly [field: string]: unknown };

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** Every node of the syntax tree, parents first. */
function nodesOf(source: Source): Node[] {
  const waiting: unknown[] = [parseAst(source.text, { lang: 'ts' })];
  const nodes: Node[] = [];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (isNode(value)) nodes.push(value);
    if (typeof value === 'object' && value !== null) waiting.push(...Object.values(value).filter(isObject));
  }
  return nodes;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
