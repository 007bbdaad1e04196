/**
 * What a gateway and a thread that has sockets for it say to each other over a link. A socket has a number, which the
 * thread gives it; a frame tells of one socket.
 *
 *   frame   = kind u8, socket u32, rest
 *   to the gateway: opened (remote and local address, each sized text and u16 port) · data (bytes) · ended · taken
 *                   (count u32 of bytes that the system took since the last such frame) · timedOut · closed
 *   to the thread:  write (bytes) · end · endSoon · destroy · pause · resume · timeout (milliseconds u32) · stopListening
 *                   (of no socket: 0)
 *
 * Example, "hi" that came on socket 7: 02 00 00 00 07 68 69.
 */
import type { ByteReader, ByteWriter } from '../../src/lib/bytes.ts';

export const FROM_SOCKET = { opened: 1, data: 2, ended: 3, taken: 4, timedOut: 5, closed: 6 } as const;
export const TO_SOCKET = {
  write: 1,
  end: 2,
  endSoon: 3,
  destroy: 4,
  pause: 5,
  resume: 6,
  timeout: 7,
  stopListening: 8,
} as const;

/** Bytes of a socket that are on their way to its thread or wait there: what is more waits at the gateway. */
export const WINDOW_BYTES = 64 * 1024;

/** Where a socket comes from and where it came to. */
export type Addresses = {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
};

export function writeAddresses(out: ByteWriter, addresses: Addresses): void {
  out.sizedText(addresses.remoteAddress ?? '');
  out.u16(addresses.remotePort ?? 0);
  out.sizedText(addresses.localAddress ?? '');
  out.u16(addresses.localPort ?? 0);
}

export function readAddresses(reader: ByteReader): Addresses {
  return {
    remoteAddress: reader.sizedText(),
    remotePort: reader.u16(),
    localAddress: reader.sizedText(),
    localPort: reader.u16(),
  };
}

/** Begins a frame that tells of a socket. */
export function begin(out: ByteWriter, kind: number, socket: number): void {
  out.reset();
  out.u8(kind);
  out.u32(socket);
}

/** What a thread is started with; its link's port is in the transfer list. */
export type SocketThreadData<End> = {
  readonly host: string;
  readonly port: number;
  readonly backlog: number;
  readonly end: End;
};

/** What a thread says once, when it listens or cannot. */
export type Listened =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };
