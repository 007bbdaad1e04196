/**
 * What a client asked, kept until the broker replied, and the reply to it as the connection wants it. Joins replies.ts
 * with the vocabulary of the model; writes and nothing else.
 */
import { answer as answerStatement, type Statement } from '../compute/statement.ts';
import type { Angle } from '../compute/functions.ts';
import { assert } from '../lib/assert.ts';
import type { ByteWriter } from '../lib/bytes.ts';
import { NO_NOTES, type Notes, type Reply } from '../model/commands.ts';
import { fail } from '../model/errors.ts';
import { writeScanned } from './page-replies.ts';
import {
  type ReplyFormat,
  writeDeleted,
  writeError,
  writeFound,
  writeFoundMany,
  writeNumber,
  writeWritten,
} from './replies.ts';

export type Question =
  | { readonly kind: 'found' }
  | { readonly kind: 'foundMany'; readonly labels: readonly Uint8Array[] }
  | { readonly kind: 'written'; readonly warnings: readonly string[] }
  /** `isPath`: dots were written unquoted, so a path may have been meant. */
  | { readonly kind: 'deleted'; readonly isPath: boolean }
  | { readonly kind: 'page'; readonly values: boolean }
  | { readonly kind: 'computed'; readonly statement: Statement; readonly angle: Angle; readonly strictTypes: boolean };

export const FOUND: Question = { kind: 'found' };
export const WRITTEN: Question = { kind: 'written', warnings: [] };

/** Writes the reply to `question`; `label` is the key or path as it is shown. */
export function writeReply(
  writer: ByteWriter,
  format: ReplyFormat,
  label: Uint8Array,
  question: Question,
  reply: Reply,
): void {
  if (reply.kind === 'failed') {
    writeError(writer, format, reply.error, reply.notes);
    return;
  }
  switch (question.kind) {
    case 'found':
      assert(reply.kind === 'found', 'a read is answered by what was found');
      writeFound(writer, format, label, reply.found, reply.notes);
      return;
    case 'foundMany':
      assert(reply.kind === 'foundMany', 'reads are answered by what was found');
      writeFoundMany(writer, format, question.labels, reply.found, reply.notes);
      return;
    case 'written':
      assert(reply.kind === 'written', 'a write is answered by what was written');
      writeWritten(writer, format, reply.items, withWarnings(reply.notes, question.warnings));
      return;
    case 'deleted':
      assert(reply.kind === 'deleted', 'a delete is answered by what was deleted');
      // A program's keys are opaque: only a person may have meant a path.
      if (!reply.existed && question.isPath && format.dialect !== 'json')
        writeError(writer, format, HIGH_LEVEL_ONLY, reply.notes);
      else writeDeleted(writer, format, label, reply.existed, reply.notes);
      return;
    case 'page':
      assert(reply.kind === 'scanned', 'a scan is answered by a page');
      writeScanned(
        writer,
        format,
        { label, entries: reply.entries, more: reply.more, values: question.values },
        reply.notes,
      );
      return;
    case 'computed': {
      assert(reply.kind === 'foundMany', 'reads are answered by what was found');
      writeComputed(writer, format, question, reply);
      return;
    }
    default:
      question satisfies never;
  }
}

/** Writes the result of a COMPUTE whose bindings were read, or that has none. */
export function writeComputed(
  writer: ByteWriter,
  format: ReplyFormat,
  question: Extract<Question, { kind: 'computed' }>,
  reply: Extract<Reply, { kind: 'foundMany' }>,
): void {
  const { statement, angle, strictTypes } = question;
  const { notes, found } = reply;
  const result = answerStatement(statement, found, { angle, strictTypes, uncertain: notes.uncertain });
  if (!result.ok) writeError(writer, format, result.error, notes);
  else writeNumber(writer, format, result.value.text, withWarnings(notes, result.value.warnings));
}

/** The reply to reads of nothing. */
export const NOTHING_READ: Extract<Reply, { kind: 'foundMany' }> = { kind: 'foundMany', found: [], notes: NO_NOTES };

/** What DELETE says to a path (row E-09). */
const HIGH_LEVEL_ONLY = fail('USAGE', 'DELETE takes high-level keys only, and no high-level key has this name').error;

function withWarnings(notes: Notes, warnings: readonly string[]): Notes {
  return warnings.length === 0 ? notes : { warnings: [...notes.warnings, ...warnings], uncertain: notes.uncertain };
}
