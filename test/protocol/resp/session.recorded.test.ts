/**
 * A conversation as Redis 7.0 had it: commands drawn by chance on a few keys, so that types, times, transactions and
 * errors meet in every way, and what it answered. Each line is a command and its reply; a status begins with +, an
 * error with -, an integer with a colon.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { open, request } from './client.ts';
import { type Decoded, decodeAll, ErrorReply } from './decode.ts';

type Recorded = string | null | Recorded[];

/** Replies whose order Redis leaves open, as lists of pairs or of words. */
const UNORDERED = new Map([
  ['HGETALL', 2],
  ['HKEYS', 1],
  ['HVALS', 1],
]);

test.each([
  ['recorded', 1_000],
  // Each command with too few and too many words, wrong ones, and at its limits.
  ['recorded-edges', 300],
  // Options together, times and cursors at their limits, on keys that are there, absent and of another type.
  ['recorded-options', 600],
])('commands that both know are answered as Redis does: %s', (name, least) => {
  const lines = readFileSync(`${import.meta.dirname}/${name}.jsonl`, 'utf8')
    .trim()
    .split('\n');
  const opened = open();

  for (const [i, line] of lines.entries()) {
    const [words, recorded] = JSON.parse(line) as [string[], Recorded];
    opened.session.push(request(...words.map((word) => Buffer.from(word, 'latin1'))));
    const replies = decodeAll(opened.session.output().slice());
    opened.session.sent();

    expect(replies).toHaveLength(1);
    const step = UNORDERED.get(words[0] ?? '') ?? 0;
    expect([i + 1, words, sorted(plain(replies[0] as Decoded), step)]).toEqual([
      i + 1,
      words,
      sorted(bare(recorded), step),
    ]);
  }
  expect(lines.length).toBeGreaterThan(least);
});

/** Without the signs of types: statuses and bulk strings are both text to a client. */
function bare(recorded: Recorded): Recorded {
  if (Array.isArray(recorded)) return recorded.map(bare);
  if (recorded === null) return null;
  return recorded.startsWith('+') ? recorded.slice(1) : recorded;
}

function plain(reply: Decoded): Recorded {
  if (reply instanceof ErrorReply) return `-${reply.line}`;
  if (Array.isArray(reply)) return reply.map(plain);
  return typeof reply === 'number' || typeof reply === 'bigint' ? `:${reply}` : (reply as string | null);
}

function sorted(reply: Recorded, step: number): Recorded {
  if (!Array.isArray(reply) || step === 0) return reply;
  const parts: string[] = [];
  for (let i = 0; i < reply.length; i += step) parts.push(JSON.stringify(reply.slice(i, i + step)));
  return parts.sort();
}
