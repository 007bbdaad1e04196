/** A session of the text protocol that is asked lines, and the transcript that every session must answer alike. */
import { text } from '../../src/lib/bytes.ts';
import { TextSession } from '../../src/protocol/text-session.ts';
import { linesOf, NaiveAdministration, NaiveStore } from './naive-store.ts';

type Options = ConstructorParameters<typeof TextSession>[2];

const GATEWAY: Options = { role: 'gateway', putMode: 'upsert', strictTypes: false, angle: 'rad' };

export function open(store = new NaiveStore(), options: Partial<Options> = {}) {
  const administration = new NaiveAdministration();
  let wakes = 0;
  const session = new TextSession(store, administration, { ...GATEWAY, ...options }, () => wakes++);
  return { session, store, administration, wakes: () => wakes };
}

/** All that the session has to say, as lines. */
export function said(session: TextSession): string[] {
  const output = text(session.output());
  session.sent();
  return output === '' ? [] : output.replace(/\n$/, '').split('\n');
}

/** Replies to lines that are sent at once. */
export function ask(lines: readonly string[], options: Partial<Options> = {}, store = new NaiveStore()): string[] {
  const { session } = open(store, options);
  session.push(linesOf(lines));
  return said(session);
}

const PERSONS = [
  'PUT "person1" -> [ "name" -> "John" | "age" -> 22 ]',
  'PUT "person2" -> [ "name" -> "Mary" | "address" -> [ "street" -> "Panepistimiou" | "number" -> 12 ] ]',
  'PUT "person3" -> [ "height" -> 1.75 | "profession" -> "student" ]',
  'PUT "person4" -> []',
];

export function withPersons(): NaiveStore {
  const store = new NaiveStore();
  ask(PERSONS, {}, store);
  return store;
}

/** The golden transcript (semantics.md 4) as far as one healthy store answers it. */
export const TRANSCRIPT: readonly (readonly [request: string, reply: string | RegExp])[] = [
  ...PERSONS.map((line) => [line, 'OK'] as const),
  ['PUT "person5" -> "hello"', /^ERROR PARSE .*expected '\[' at column 18$/],
  ['PUT "person6" -> [ "address" -> [ "there" ] ]', /^ERROR PARSE .* at column \d+$/],
  ['GET person1', 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ['GET "person1"', 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ["GET 'person1'", 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ['GET “person1”', 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ['get person1', 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ['  GeT\tperson1  ', 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ['GET name', 'name -> NOT FOUND'],
  ['GET person2.name', 'person2.name -> NOT FOUND'],
  ['GET person4', 'person4 -> []'],
  ['QUERY person2.name', 'person2.name -> Mary'],
  ['QUERY person2.address.number', 'person2.address.number -> 12'],
  ['QUERY person2.address', 'person2.address -> [ "street" -> "Panepistimiou" | "number" -> 12 ]'],
  ['QUERY "person2".address.number', 'person2.address.number -> 12'],
  ['QUERY person1', 'person1 -> [ "name" -> "John" | "age" -> 22 ]'],
  ['QUERY person2.name.first', 'person2.name.first -> NOT FOUND'],
  ['QUERY person4.x', 'person4.x -> NOT FOUND'],
  ['COMPUTE 2*x WHERE x = QUERY person2.address.number', '24'],
  ['compute 2-x where x = query person2.address.number', '-10'],
  ['COMPUTE x/2 WHERE x = QUERY person2.address.number', '6'],
  ['COMPUTE 2^x WHERE x = QUERY person2.address.number', '4096'],
  ['COMPUTE log(2*(x+3)) WHERE x = QUERY person2.address.number', '1.4771212547196624'],
  [
    'COMPUTE 2/(x+3*(y+z)) WHERE x = QUERY person2.address.number AND y = QUERY person1.age AND z = QUERY person3.height',
    '0.024024024024024024',
  ],
  ['COMPUTE cos(x)-tan(2*y+3) WHERE x = QUERY person2.address.number AND y = QUERY person1.age', '0.9683815268652294'],
  ['ANGLE deg', 'OK'],
  ['COMPUTE cos(x)-tan(2*y+3) WHERE x = QUERY person2.address.number AND y = QUERY person1.age', '-0.0942211092908769'],
  ['ANGLE', 'OK deg'],
  ['COMPUTE x+y WHERE y = QUERY person1.age', /^ERROR NOTFOUND variable 'x'/],
  ['COMPUTE x WHERE x = QUERY person1.id', 'ERROR NOTFOUND x = QUERY person1.id NOT FOUND'],
  ['COMPUTE x WHERE x = QUERY person1.name', 'ERROR TYPE x = QUERY person1.name is STRING, can not compute'],
  ['COMPUTE x WHERE x = QUERY person1', 'ERROR TYPE x = QUERY person1 is a SET, can not compute'],
  ['COMPUTE __import__("os")', /^ERROR PARSE .*column 20$/],
  ['COMPUTE 1/0', 'ERROR MATH division by zero'],
  ['DELETE person3', 'person3 -> OK'],
  ['GET person3', 'person3 -> NOT FOUND'],
  ['QUERY person3.height', 'person3.height -> NOT FOUND'],
  ['DELETE person3', 'person3 -> NOT FOUND'],
  ['DELETE person2.name', /^ERROR USAGE DELETE takes high-level keys only/],
  ['DELETE "person2.name"', 'person2.name -> NOT FOUND'],
  ['PING', 'PONG'],
  ['EXIT', 'OK'],
];
