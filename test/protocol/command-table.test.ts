import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/model/errors.ts';
import { arityOf, helpOn, helpOnAll, usageOf } from '../../src/protocol/command-help.ts';
import { COMMAND_WORDS, commandNamed, COMMANDS } from '../../src/protocol/command-table.ts';
import { TextSession } from '../../src/protocol/text-session.ts';
import { text } from '../../src/lib/bytes.ts';
import { linesOf, NaiveAdministration, NaiveStore } from './naive-store.ts';

const OPTIONS = { role: 'gateway', putMode: 'upsert', strictTypes: false, angle: 'rad' } as const;

function ask(line: string): string {
  const session = new TextSession(new NaiveStore(), new NaiveAdministration(), OPTIONS, () => {});
  session.push(linesOf([line, 'EXIT']));
  session.end();
  return text(session.output());
}

describe('the command table', () => {
  test('gives each name and alias to one command, found in any case', () => {
    const words = COMMANDS.flatMap((row) => [row.name, ...row.aliases]);

    expect(new Set(words).size).toBe(words.length);
    expect(COMMAND_WORDS).toEqual(words);
    for (const word of words) expect(commandNamed(word.toLowerCase())).toBe(commandNamed(word));
    expect([commandNamed('quit')?.name, commandNamed('Connections')?.name, commandNamed('nope')]).toEqual([
      'EXIT',
      'STATUS',
      null,
    ]);
  });

  test('gives each method of a client to one command', () => {
    const methods = COMMANDS.flatMap(({ method }) => (method === null ? [] : [method]));

    expect(new Set(methods).size).toBe(methods.length);
  });

  test('names errors that exist, and puts optional arguments last', () => {
    for (const row of COMMANDS) {
      expect(row.errors.filter((code) => !Object.hasOwn(ERRORS, code))).toEqual([]);
      const counts = row.arguments.map(({ count }) => count === 'optional');
      expect(counts).toEqual([...counts].sort((a, b) => Number(a) - Number(b)));
    }
  });

  test.each([
    ['GET', 'GET <key>', 1, 1],
    ['KEYS', 'KEYS [prefix [limit [after]]]', 0, 3],
    ['FORCE', 'FORCE <server> …', 1, Number.POSITIVE_INFINITY],
    ['FORMAT', 'FORMAT [arrow|plain|brace|json [versions]]', 0, 2],
    ['PING', 'PING', 0, 0],
    ['SET', 'SET <key> <value>', 2, Number.POSITIVE_INFINITY],
  ])('says that %s is used as %s', (name, usage, least, most) => {
    const row = commandNamed(name);

    expect(row === null ? null : usageOf(row)).toBe(usage);
    expect(row === null ? null : arityOf(row)).toEqual({ least, most });
  });

  test.each(COMMANDS.map((row) => [row.name, row] as const))(
    'the example of %s is a request that works',
    (name, row) => {
      const replies = ask(row.example);

      // What an empty store cannot find, or an administration refuses, was still understood.
      if (row.notHere !== null) expect(replies).toMatch(/^ERROR NOTHERE /);
      else expect(replies, name).not.toMatch(/^ERROR (PARSE|USAGE|UNKNOWN|NOTHERE) /);
    },
  );

  test.each(
    COMMANDS.filter((row) => arityOf(row).least > 0 && row.notHere === null).map((row) => [row.name, row] as const),
  )('%s without its arguments is answered by its usage', (name, row) => {
    const reply = ask(name);

    expect(reply).toContain(`ERROR USAGE wrong number of arguments for ${name}, usage: ${usageOf(row)}\n`);
  });

  test.each(
    COMMANDS.filter((row) => arityOf(row).most < Number.POSITIVE_INFINITY).map((row) => [row.name, row] as const),
  )('%s with a word too many is refused', (name, row) => {
    const words = Array.from({ length: arityOf(row).most + 1 }, () => 'x');

    const reply = ask(`${name} ${words.join(' ')}`);

    expect(reply).toMatch(/^ERROR (USAGE|PARSE|NOTHERE) /);
  });

  test('HELP lists every command in one line, and shows each in one line', () => {
    const all = ask('HELP').split('\n');
    const each = COMMANDS.map((row) => ask(`help ${row.name.toLowerCase()}`).split('\n'));

    expect(all[0]).toBe(`OK ${helpOnAll()}`);
    expect(all).toHaveLength(3);
    for (const [i, row] of COMMANDS.entries()) {
      expect(helpOnAll()).toContain(usageOf(row));
      expect(each[i]).toEqual([`OK ${helpOn(row)}`, 'OK', '']);
    }
  });
});
