/** COMMAND: what the table says, in the shapes that clients read. Nothing here is about any one command. */
import { text } from '../../../lib/bytes.ts';
import { categoriesOf, flagsOf } from '../categories.ts';
import { type Entry, fits, type Group, keysIn } from '../command-index.ts';
import { optionOf } from '../arguments.ts';
import { matches } from '../glob.ts';
import { keyFlags } from '../key-access.ts';
import type { ReplyWriter } from '../reply-writer.ts';
import type { Words } from '../request-reader.ts';
import { type Container, type Flag, nowRow, type RowFacts } from '../row.ts';
import type { Argument } from '../syntax.ts';
import type { Talk } from '../talk.ts';
import { helpRow } from './help.ts';

function facts(syntax: string, summary: string): RowFacts {
  return { syntax, summary, complexity: 'O(N)', group: 'server', flags: ['connection', 'loading'] satisfies Flag[] };
}

export const COMMAND: Container = {
  name: 'command',
  summary: 'All commands, and what is known of them',
  group: 'server',
  alone: nowRow('command', facts('', 'All commands'), onAll),
  subcommands: [
    nowRow('count', facts('', 'How many commands there are'), (talk, _words, reply) => {
      const { entries, groups } = talk.host.index;
      reply.integer(entries.length + groups.length);
    }),
    nowRow('docs', facts('[command-name ...]', 'Summaries and arguments'), onDocs),
    nowRow('info', facts('[command-name ...]', 'Arity, flags and keys'), onInfo),
    nowRow('list', facts('[FILTERBY (MODULE module-name|ACLCAT category|PATTERN pattern)]', 'Names'), onList),
    nowRow('getkeys', facts('command arg ...', 'Which of the words are keys'), (talk, words, reply) =>
      writeKeys(talk, words, reply, (key) => reply.bulk(key)),
    ),
    nowRow('getkeysandflags', facts('command arg ...', 'Which are keys, and what happens to them'), onGetFlags),
    helpRow('command', 'server'),
  ],
};

/** COMMAND without a subcommand. */
function onAll(talk: Talk, _words: Words, reply: ReplyWriter): void {
  const { entries, groups } = talk.host.index;
  reply.array(entries.length + groups.length);
  for (const entry of entries) writeInfo(reply, entry);
  for (const group of groups) writeGroupInfo(reply, group);
}

function onInfo(talk: Talk, words: Words, reply: ReplyWriter): void {
  const { index } = talk.host;
  if (words.length === 2) {
    onAll(talk, words, reply);
    return;
  }
  reply.array(words.length - 2);
  for (const word of words.slice(2)) {
    const name = text(word).toLowerCase();
    const found = index.named(word);
    const entry = name.includes('|') ? index.byName(name) : found.kind === 'entry' ? found.entry : null;
    if (entry !== null) writeInfo(reply, entry);
    else if (found.kind === 'group') writeGroupInfo(reply, found.group);
    else reply.nil();
  }
}

/** name, arity, flags, first key, last key, step, categories, tips, key specifications, subcommands */
function writeInfo(reply: ReplyWriter, entry: Entry): void {
  writeInfoHead(reply, entry.name, entry.arity, flagsOf(entry.row.flags, entry.isWrite));
  reply.integer(entry.keys.first);
  reply.integer(entry.keys.last);
  reply.integer(entry.keys.step);
  writeStatuses(
    reply,
    categoriesOf(entry).map((category) => `@${category}`),
  );
  reply.array(0);
  writeKeySpecifications(reply, entry);
  reply.array(0);
}

function writeGroupInfo(reply: ReplyWriter, { container, entries }: Group): void {
  writeInfoHead(reply, container.name, -2, []);
  for (let i = 0; i < 3; i++) reply.integer(0);
  writeStatuses(reply, ['@slow']);
  reply.array(0);
  reply.array(0);
  reply.array(entries.length);
  for (const entry of entries) writeInfo(reply, entry);
}

function writeInfoHead(reply: ReplyWriter, name: string, arity: number, flags: readonly string[]): void {
  reply.array(10);
  reply.text(name);
  reply.integer(arity);
  writeStatuses(reply, flags);
}

function writeStatuses(reply: ReplyWriter, words: readonly string[]): void {
  reply.set(words.length);
  for (const word of words) reply.simple(word);
}

function writeKeySpecifications(reply: ReplyWriter, { keys, isWrite }: Entry): void {
  if (keys.first === 0) {
    reply.array(0);
    return;
  }
  reply.array(1);
  reply.map(3);
  reply.text('flags');
  reply.set(1);
  reply.simple(isWrite ? 'RW' : 'RO');
  reply.text('begin_search');
  reply.map(2);
  reply.text('type');
  reply.text('index');
  reply.text('spec');
  reply.map(1);
  reply.text('index');
  reply.integer(keys.first);
  reply.text('find_keys');
  reply.map(2);
  reply.text('type');
  reply.text('range');
  reply.text('spec');
  reply.map(3);
  reply.text('lastkey');
  reply.integer(keys.last < 0 ? keys.last : keys.last - keys.first);
  reply.text('keystep');
  reply.integer(keys.step);
  reply.text('limit');
  reply.integer(0);
}

function onDocs(talk: Talk, words: Words, reply: ReplyWriter): void {
  const { index } = talk.host;
  if (words.length === 2) {
    reply.map(index.entries.length + index.groups.length);
    for (const entry of index.entries) writeDocs(reply, entry);
    for (const group of index.groups) writeGroupDocs(reply, group);
    return;
  }
  const found = words.slice(2).flatMap((word): (() => void)[] => {
    const named = index.named(word);
    if (named.kind === 'entry') return [() => writeDocs(reply, named.entry)];
    if (named.kind === 'group') return [() => writeGroupDocs(reply, named.group)];
    const entry = index.byName(text(word).toLowerCase());
    return entry === null ? [] : [() => writeDocs(reply, entry)];
  });
  reply.map(found.length);
  for (const write of found) write();
}

function writeDocs(reply: ReplyWriter, { row, name, arguments: items }: Entry): void {
  reply.text(name);
  reply.map(items.length > 0 ? 5 : 4);
  writeDocsHead(reply, row.summary, row.group);
  reply.text('complexity');
  reply.text(row.complexity);
  if (items.length === 0) return;
  reply.text('arguments');
  reply.array(items.length);
  for (const item of items) writeArgument(reply, item);
}

function writeGroupDocs(reply: ReplyWriter, { container, entries }: Group): void {
  reply.text(container.name);
  reply.map(4);
  writeDocsHead(reply, container.summary, container.group);
  reply.text('subcommands');
  reply.map(entries.length);
  for (const entry of entries) writeDocs(reply, entry);
}

function writeDocsHead(reply: ReplyWriter, summary: string, group: string): void {
  reply.text('summary');
  reply.text(summary);
  reply.text('since');
  reply.text('0.1.0');
  reply.text('group');
  reply.text(group);
}

function writeArgument(reply: ReplyWriter, item: Argument): void {
  const flags = [...(item.isOptional ? ['optional'] : []), ...(item.isMultiple ? ['multiple'] : [])];
  const isPlain = item.type !== 'oneof' && item.type !== 'block' && item.type !== 'pure-token';
  reply.map(
    2 +
      (item.token === null ? 0 : 1) +
      (flags.length > 0 ? 1 : 0) +
      (item.parts.length > 0 ? 1 : 0) +
      (isPlain ? 1 : 0) +
      (item.type === 'key' ? 1 : 0),
  );
  reply.text('name');
  reply.text(item.name);
  reply.text('type');
  reply.text(item.type);
  if (isPlain) {
    reply.text('display_text');
    reply.text(item.name);
  }
  if (item.type === 'key') {
    reply.text('key_spec_index');
    reply.integer(0);
  }
  if (item.token !== null) {
    reply.text('token');
    reply.text(item.token);
  }
  if (flags.length > 0) {
    reply.text('flags');
    writeStatuses(reply, flags);
  }
  if (item.parts.length > 0) {
    reply.text('arguments');
    reply.array(item.parts.length);
    for (const part of item.parts) writeArgument(reply, part);
  }
}

function onList(talk: Talk, words: Words, reply: ReplyWriter): void {
  const { all, entries, groups } = talk.host.index;
  let names = [
    ...entries.map(({ name }) => name),
    ...groups.flatMap((group) => [group.container.name, ...group.entries.map(({ name }) => name)]),
  ];
  if (words.length > 2) {
    const [by, value] = [optionOf(words[3] ?? new Uint8Array(0)), words[4]];
    if (optionOf(words[2] as Uint8Array) !== 'FILTERBY' || value === undefined || words.length !== 5) {
      reply.error('ERR syntax error');
      return;
    }
    if (by === 'PATTERN')
      names = names.filter((name) =>
        matches(
          value,
          Uint8Array.from(name, (c) => c.charCodeAt(0)),
        ),
      );
    else if (by === 'ACLCAT') {
      const category = text(value).toLowerCase();
      names = all.filter((entry) => categoriesOf(entry).includes(category)).map(({ name }) => name);
    } else if (by === 'MODULE')
      names = /^rejson$/i.test(text(value)) ? names.filter((name) => name.startsWith('json.')) : [];
    else {
      reply.error('ERR syntax error');
      return;
    }
  }
  reply.texts(names);
}

function onGetFlags(talk: Talk, words: Words, reply: ReplyWriter): void {
  writeKeys(talk, words, reply, (key, entry, at) => {
    const flags = keyFlags(entry, at, words.slice(2));
    reply.array(2);
    reply.bulk(key);
    writeStatuses(reply, flags);
  });
}

/** An array of what `write` writes for each key of the command that follows two words. */
function writeKeys(
  talk: Talk,
  words: Words,
  reply: ReplyWriter,
  write: (key: Uint8Array, entry: Entry, at: number) => void,
): void {
  const called = words.slice(2);
  const entry = talk.host.index.called(called);
  if (entry === null) reply.error('ERR Invalid command specified');
  else if (!fits(entry, called.length)) reply.error('ERR Invalid number of arguments specified for command');
  else if (entry.keys.first === 0) reply.error('ERR The command has no key arguments');
  else {
    const keys = keysIn(entry, called);
    reply.array(keys.length);
    for (const [at, key] of keys.entries()) write(key, entry, at);
  }
}
