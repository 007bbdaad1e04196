/**
 * How a broker takes over a storage server that is a process of its own: a request at the server's text port, then a
 * socket of their own for frames (frame-socket.ts). The words of both sides, and the file in which the server
 * remembers to whom it belongs.
 *
 *   JOIN {"index":1,"servers":3,"replicas":2,"epoch":7,"frames":2}      epoch 0: this broker remembers none
 *   OK joined port=40123 incarnation=4 token=<32 hexadecimal digits>
 *   (to that port)  token LF envelopes …
 */
import { text, utf8 } from '../lib/bytes.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { ERRORS, type ErrorCode, fail, type KvError } from '../model/errors.ts';
import { FRAMES_VERSION } from '../model/frames.ts';
import type { Incarnation, ServerIndex } from '../model/ids.ts';
import { SERVERS_MAX } from '../model/limits.ts';
import { readFileChecked, replaceFile } from '../storage/checked-file.ts';
import type { Disk } from '../storage/disk.ts';

/** A server's place in a cluster, and the newest epoch of it that it knows. */
export type Membership = {
  readonly index: ServerIndex;
  readonly servers: number;
  readonly replicas: number;
  readonly epoch: number;
};

/** Where the frames go: a port on the server's own address, and the word that opens it once. */
export type Joined = { readonly port: number; readonly incarnation: Incarnation; readonly token: string };

/** Digits of a token. */
export const TOKEN_LENGTH = 32;

export function joinRequest(membership: Membership): string {
  return `JOIN ${JSON.stringify({ ...membership, frames: FRAMES_VERSION })}`;
}

/** What stands behind JOIN, when the broker speaks this program's frames. USAGE. */
export function parseJoin(json: string): Result<Membership, KvError> {
  const membership = parseMembership(json);
  if (!membership.ok) return membership;
  const { frames } = JSON.parse(json) as { readonly frames?: unknown };
  if (frames === FRAMES_VERSION) return membership;
  const theirs = typeof frames === 'number' ? frames : 1;
  return fail('USAGE', `the broker speaks frames of version ${theirs}, this server ${FRAMES_VERSION}`);
}

/** A membership as it is written in a request and in the server's own file. USAGE. */
export function parseMembership(json: string): Result<Membership, KvError> {
  const wrong = fail(
    'USAGE',
    'expected JOIN {"index":<from 0>,"servers":<N>,"replicas":<K>,"epoch":<number>,"frames":<version>}',
  );
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return wrong;
  }
  if (typeof value !== 'object' || value === null) return wrong;
  const { index, servers, replicas, epoch } = value as Record<string, unknown>;
  if (!isWhole(servers, 1, SERVERS_MAX) || !isWhole(index, 0, servers - 1)) return wrong;
  if (!isWhole(replicas, 1, servers) || !isWhole(epoch, 0, Number.MAX_SAFE_INTEGER)) return wrong;
  return ok({ index: index as ServerIndex, servers, replicas, epoch });
}

/** The words behind OK. */
export function joinedWords({ port, incarnation, token }: Joined): string {
  return `joined port=${port} incarnation=${incarnation} token=${token}`;
}

/** A server's answer to JOIN; an error as the server said it. */
export function parseJoined(line: string): Result<Joined, KvError> {
  const joined = /^OK joined port=(\d+) incarnation=(\d+) token=([\da-f]+)$/.exec(line);
  if (joined !== null) {
    return ok({
      port: Number(joined[1]),
      incarnation: Number(joined[2]) as Incarnation,
      token: joined[3] as string,
    });
  }
  const error = /^ERROR ([A-Z]+) (.*)$/.exec(line);
  const code = error?.[1] ?? '';
  if (error !== null && Object.hasOwn(ERRORS, code))
    return err({ code: code as ErrorCode, message: error[2] as string });
  return fail('UNAVAILABLE', `it answered "${line.slice(0, 80)}", as no Coppice server does`);
}

/** The membership that `directory` remembers, null when it belongs to no cluster yet. CORRUPT, DISK. */
export function readMembership(disk: Disk, directory: string): Result<Membership | null, KvError> {
  const read = readFileChecked(disk, membershipPath(directory));
  if (!read.ok || read.value === null) return read as Result<null, KvError>;
  const parsed = parseMembership(text(read.value));
  return parsed.ok ? parsed : fail('CORRUPT', `${membershipPath(directory)}: not a membership`);
}

/** Durable when it returns. DISK. */
export function keepMembership(disk: Disk, directory: string, membership: Membership): Result<void, KvError> {
  return replaceFile(disk, membershipPath(directory), utf8(JSON.stringify(membership)));
}

function membershipPath(directory: string): string {
  return `${directory}/membership`;
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}
