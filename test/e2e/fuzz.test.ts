import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import { allUp, startProgram, Terminal } from './program.ts';

const LINES = 20_000;
const BATCH = 500;
const STORED = ['SET kept {"a":[1,2,{"b":null}]}', 'PUT "person1" -> [ "name" -> "John" | "age" -> 22 ]', 'SET k.l 1'];

const RECORDS = [
  '"person1" -> [ "name" -> "John" | "age" -> [ "x" -> 1.5 | "y" -> [] ] ]',
  "'person1':{'hair': 'Wc3aB', 'age': '55', 'family': {}}",
  '{"person1": {"key2": {"key3": 4, "key4": [8, true, null]}}}',
];
const HOPELESS = [
  'PUT',
  'GET',
  'QUERY',
  'DELETE',
  'SET',
  'BULKSET',
  'COMPUTE',
  'FORCE',
  'PROMOTE s1',
  'SET kept',
  'GET "open',
  "DELETE 'open",
  'GET kept extra',
  'DELETE kept extra',
  'DELETE ""',
  'SET kept {"a":1}}',
  'SET kept nope',
  'SET kept "\\x"',
  'SET kept 01',
  'SET kept 1e',
  'SET "" 1',
  'BULKSET {"kept":1}',
  'BULKSET [["kept"]]',
  'BULKSET [["kept",1],["",2]]',
  'BULKSET [["kept",1],]',
  'COMPUTE 1+',
  'COMPUTE 1 WHERE',
  'COMPUTE x',
  'COMPUTE 1/0',
  'COMPUTE x WHERE x = QUERY',
  'COMPUTE __import__("os")',
  'FAULT crash s1',
  'FAULT',
  'FORCE s9',
  'FORMAT xml',
  'ANGLE turns',
  'KEYS a b c d',
  'KEYS kept -1',
  'EXPORT kept 99999999',
  'PING PONG',
  'EXIT now',
  'SHUTDOWN now',
  'STATUS all',
  'SNAPSHOT now',
  'HELP nothing',
];

test('twenty thousand malformed lines are twenty thousand errors, and nothing else', { timeout: 60_000 }, async () => {
  const seed = randomInt(0x1_0000_0000);
  const prng = new Prng(seed);
  const program = await startProgram(['--empty', '--quiet']);
  const [terminal, operator] = await Promise.all([Terminal.open(program.text), Terminal.open(program.text)]);
  await operator.askAll(STORED);
  await operator.ask('FORMAT json');
  const before = await operator.askAll(['EXPORT', 'KEYS']);

  const wrong: string[] = [];
  for (let sent = 0; sent < LINES; sent += BATCH) {
    const lines = Array.from({ length: BATCH }, () => malformed(prng));
    await terminal.send(Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])));
    for (const line of lines) {
      const answer = await terminal.answer();
      if (answer.length !== 1 || !/^ERROR [A-Z]+ [^\p{Cc}]+$/u.test(answer[0] as string)) {
        wrong.push(`${JSON.stringify(line.toString('latin1'))} -> ${answer.join(' / ')}`);
      }
    }
  }
  const pong = await terminal.ask('PING');
  const after = await operator.askAll(['EXPORT', 'KEYS']);
  await allUp(program.text);
  terminal.close();
  operator.close();
  const code = await program.stop();

  expect(wrong.slice(0, 5), `seed ${seed}`).toEqual([]);
  expect(pong).toEqual(['PONG']);
  expect(after).toEqual(before);
  expect(code).toBe(0);
});

/** A line without a line end that no command can take; never empty. */
function malformed(prng: Prng): Buffer {
  switch (prng.below(5)) {
    case 0:
      return noise(prng);
    case 1: {
      // Every beginning of a record lacks at least its last bracket.
      const record = prng.pick(RECORDS);
      return Buffer.from(`PUT ${record.slice(0, prng.below(record.length))}`);
    }
    case 2:
      return Buffer.from(
        `PUT ${prng.pick(RECORDS)}${prng.pick([' ]', '}', ' x', ' ->', '"', ' | "a" -> 1', ' [', '\u0001'])}`,
      );
    case 3: {
      const verb = prng.pick([
        'GET ',
        'QUERY ',
        'DELETE ',
        'SET kept ',
        'PUT "kept" -> [ "a" -> "',
        'COMPUTE ',
        'BULKSET ',
      ]);
      return Buffer.concat([Buffer.from(verb), Buffer.from([0xff, 0xc0, prng.below(0x20) + 0x80]), noise(prng)]);
    }
    default:
      return Buffer.from(prng.pick(HOPELESS));
  }
}

/** Bytes of any value but line ends, the first of them no blank. */
function noise(prng: Prng): Buffer {
  const bytes = Buffer.alloc(1 + prng.below(120));
  for (let i = 0; i < bytes.length; i++) {
    const byte = prng.below(256);
    bytes[i] = byte === 0x0a || byte === 0x0d || (i === 0 && byte <= 0x20) ? 0x7e : byte;
  }
  return bytes;
}
