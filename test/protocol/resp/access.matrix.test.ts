/** Every command of the table × every category × nobody: who may run it is what the table says of it, and no more. */
import { describe, expect, test } from 'vitest';
import { CATEGORIES, categoriesOf } from '../../../src/protocol/resp/categories.ts';
import type { Entry } from '../../../src/protocol/resp/command-index.ts';
import { RESP_COMMANDS } from '../../../src/protocol/resp/command-table.ts';
import { ask, newHost, open } from './client.ts';

/** A request with as few words as the command takes. */
function wordsOf({ name, arity, nameWords }: Entry): string[] {
  const words = name.split('|');
  // A container alone is called by one word.
  return [...words.slice(0, nameWords), ...new Array<string>(Math.abs(arity) - nameWords).fill('k')];
}

const isOpen = ({ row }: Entry): boolean => row.flags.includes('noauth');

/** A host with a user of these rules, somebody who is him, and an operator. */
function world(...rules: string[]) {
  const on = newHost();
  const [operator, user] = [open(on), open(on)];
  ask(operator, 'ACL', 'SETUSER', 'u', 'on', '>pw', 'allkeys', 'allchannels', ...rules);
  ask(user, 'AUTH', 'u', 'pw');
  return { operator, user };
}

describe('nobody', () => {
  test('may run nothing but what makes somebody of him', () => {
    const on = newHost();
    ask(open(on), 'CONFIG', 'SET', 'requirepass', 'secret');

    for (const entry of RESP_COMMANDS.all) {
      if (isOpen(entry)) continue;
      expect([entry.name, ask(open(on), ...wordsOf(entry))]).toEqual([entry.name, '-NOAUTH Authentication required.']);
    }
    expect(
      RESP_COMMANDS.all
        .filter(isOpen)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['auth', 'hello', 'quit', 'reset']);
  });
});

describe.each(CATEGORIES)('the category @%s', (category) => {
  const inside = RESP_COMMANDS.all.filter((entry) => categoriesOf(entry).includes(category));

  test('taken away takes away its commands and leaves all others', () => {
    const { operator, user } = world('+@all', `-@${category}`);

    for (const entry of RESP_COMMANDS.all) {
      const words = wordsOf(entry);
      const isDenied = inside.includes(entry) && !isOpen(entry);
      const verdict = ask(operator, 'ACL', 'DRYRUN', 'u', ...words);
      expect([entry.name, verdict]).toEqual([entry.name, isDenied ? denied(entry) : 'OK']);
      if (isDenied) expect(ask(user, ...words)).toBe(`-NOPERM ${denied(entry)}`);
    }
  });

  test('alone gives its commands and no other', () => {
    const { operator, user } = world(`+@${category}`);

    for (const entry of RESP_COMMANDS.all) {
      const words = wordsOf(entry);
      const isDenied = !inside.includes(entry) && !isOpen(entry);
      const verdict = ask(operator, 'ACL', 'DRYRUN', 'u', ...words);
      expect([entry.name, verdict]).toEqual([entry.name, isDenied ? denied(entry) : 'OK']);
      if (isDenied) expect(ask(user, ...words)).toBe(`-NOPERM ${denied(entry)}`);
    }
  });
});

function denied({ name }: Entry): string {
  return `User u has no permissions to run the '${name}' command`;
}

describe('what operators do', () => {
  test.each(
    `fault shutdown force snapshot monitor save bgsave bgrewriteaof lastsave config|get config|set config|resetstat
    config|rewrite debug|reload acl|setuser acl|deluser acl|getuser acl|list acl|users acl|log acl|save acl|load
    acl|dryrun client|kill client|list slowlog|get slowlog|reset module|list latency|doctor`.split(/\s+/),
  )('%s needs @admin', (name) => {
    const entry = RESP_COMMANDS.byName(name);

    expect(entry === null ? [] : categoriesOf(entry)).toContain('admin');
  });
});
