/** Handlers of the commands for operators and about the connection itself. They submit nothing to the port. */
import { DIALECTS } from '../document/styles.ts';
import { text } from '../lib/bytes.ts';
import { NO_NOTES } from '../model/commands.ts';
import { fail } from '../model/errors.ts';
import { helpOn, helpOnAll, unknownCommand, wrongWord } from './command-help.ts';
import type { CommandRow } from './command-row.ts';
import { commandNamed } from './command-table.ts';
import type { Conversation } from './conversation.ts';
import { writeError, writeOk, writeWord } from './replies.ts';
import { writeStatus } from './status-reply.ts';

/** Handlers here read words: what follows the verb is few and short. */
export type WordsHandler = (talk: Conversation, words: readonly string[], row: CommandRow, rest: string) => void;

export const onPing: WordsHandler = (talk) => {
  talk.say((writer, format) => writeWord(writer, format, 'PONG', NO_NOTES));
};

export const onStatus: WordsHandler = (talk) => {
  talk.say((writer, format) => writeStatus(writer, format, talk.administration.status()));
};

export const onSnapshot: WordsHandler = (talk) => {
  talk.sayLater(talk.administration.snapshot());
};

export const onFault: WordsHandler = (talk, _words, _row, rest) => {
  talk.sayLater(talk.administration.fault(rest));
};

export const onForce: WordsHandler = (talk, words) => {
  const servers = words.flatMap((word) => word.split(',')).filter((word) => word !== '');
  const wrong = servers.find((name) => !/^s[1-9]\d*$/i.test(name));
  if (wrong === undefined) talk.sayLater(talk.administration.force(servers.map((name) => name.toLowerCase())));
  else talk.refuse(fail('USAGE', `'${wrong}' is not a server's name, such as s1`).error);
};

export const onJoin: WordsHandler = (talk, _words, _row, rest) => {
  const { join } = talk.administration;
  if (join === undefined) talk.refuse(fail('CONFLICT', 'this server has a broker of its own and joins no other').error);
  else talk.sayLater(join(rest));
};

/** Replies first: the end of the host must not overtake the answers before it. */
export const onShutdown: WordsHandler = (talk) => {
  talk.sayAtTurn((writer, format) => {
    writeOk(writer, format, 'shutting down', NO_NOTES);
    talk.administration.shutdown();
  });
};

export const onCheckPut: WordsHandler = (talk) => {
  talk.sayAtTurn((writer, format) => {
    const { count, failed, firstFailure } = talk.writes;
    if (firstFailure === null) {
      writeOk(writer, format, '', NO_NOTES);
      return;
    }
    const message = `${failed} of ${count} writes failed, the first: ${firstFailure.message}`;
    writeError(writer, format, { code: firstFailure.code, message }, NO_NOTES);
  });
};

export const onFormat: WordsHandler = (talk, words, row) => {
  const [wanted, extra] = words.map((word) => word.toLowerCase());
  if (wanted === undefined) {
    talk.sayOk(talk.format.dialect);
    return;
  }
  const dialect = DIALECTS.find((name) => name === wanted);
  const versions = extra === 'versions';
  if (dialect === undefined) talk.refuse(wrongWord(row, wanted));
  else if (extra !== undefined && (!versions || dialect !== 'json')) talk.refuse(wrongWord(row, extra));
  else {
    talk.format = { ...talk.format, dialect, versions };
    talk.sayOk();
  }
};

export const onAngle: WordsHandler = (talk, words, row) => {
  const unit = words[0]?.toLowerCase();
  if (unit === undefined) talk.sayOk(talk.angle);
  else if (unit !== 'rad' && unit !== 'deg') talk.refuse(wrongWord(row, unit));
  else {
    talk.angle = unit;
    talk.sayOk();
  }
};

export const onHelp: WordsHandler = (talk, words) => {
  const name = words[0];
  if (name === undefined) {
    talk.sayOk(helpOnAll());
    return;
  }
  const row = commandNamed(name);
  if (row === null) talk.refuse(unknownCommand(name));
  else talk.sayOk(helpOn(row));
};

export const onExit: WordsHandler = (talk) => {
  talk.isClosing = true;
  talk.sayOk();
};

/** The words of a range, blanks between them, and the range as one text. */
export function wordsOf(bytes: Uint8Array, start: number, end: number): { words: string[]; rest: string } {
  const rest = text(bytes, start, end);
  return { words: rest.split(/[ \t]+/).filter((word) => word !== ''), rest };
}
