import { MessageChannel, Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Prng } from '../../src/lib/prng.ts';
import { createRing, RingReader, RingStock, RingWriter } from '../../src/node/ring.ts';

describe('a ring', () => {
  test('hands out every piece as it was written, in order, however they wrap', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), length: fc.nat(120) }),
      fc.record({ kind: fc.constant('publish' as const) }),
      fc.record({ kind: fc.constant('read' as const), pieces: fc.nat(10) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const memory = createRing(512);
        const writer = new RingWriter(memory);
        const reader = new RingReader(memory);
        const written: string[] = [];
        const read: string[] = [];
        let published = 0;
        let number = 0;

        for (const step of steps) {
          if (step.kind === 'write') {
            const bytes = Uint8Array.from({ length: step.length }, (_, i) => (number + i) & 0xff);
            if (writer.write(0, number, bytes, 0, bytes.length)) written.push(`${number}: ${bytes.join()}`);
            number++;
          } else if (step.kind === 'publish') {
            writer.publish();
            published = written.length;
          } else {
            for (let i = 0; i < step.pieces && reader.next(); i++) {
              read.push(`${reader.number}: ${reader.bytes.subarray(reader.start, reader.end).join()}`);
            }
            reader.release();
          }
        }
        while (reader.next()) read.push(`${reader.number}: ${reader.bytes.subarray(reader.start, reader.end).join()}`);

        expect(read).toEqual(written.slice(0, published));
      }),
    );
  });

  test('takes a piece of the largest size wherever its positions are, once it is empty', () => {
    const memory = createRing(512);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    const prng = new Prng(1);
    const largest = new Uint8Array(writer.pieceBytesMax);

    const taken: boolean[] = [];
    for (let i = 0; i < 500; i++) {
      writer.write(0, 0, largest, 0, prng.below(100));
      writer.publish();
      while (reader.next()) reader.release();
      taken.push(writer.write(0, 0, largest, 0, largest.length));
      writer.publish();
      while (reader.next()) reader.release();
    }

    expect(taken.every(Boolean)).toBe(true);
  });

  test('refuses a piece that has no room, and takes it after a release', () => {
    const memory = createRing(64);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    const piece = new Uint8Array(8);

    let pieces = 0;
    while (writer.write(0, pieces, piece, 0, 8)) pieces++;
    const waits = writer.waitForRoom();
    writer.publish();
    reader.next();
    const wakes = reader.release();

    expect({ pieces, waits, wakes }).toEqual({ pieces: 4, waits: true, wakes: true });
    expect(writer.write(0, 9, piece, 0, 8)).toBe(true);
  });

  test('wakes a sleeping reader once, and does not let it sleep over a piece', () => {
    const memory = createRing(64);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);
    const piece = new Uint8Array(1);

    const slept = reader.sleep();
    writer.write(0, 0, piece, 0, 1);
    const first = writer.publish();
    writer.write(0, 1, piece, 0, 1);
    const second = writer.publish();

    expect({ slept, first, second, again: reader.sleep() }).toEqual({
      slept: true,
      first: true,
      second: false,
      again: false,
    });
  });

  test('rings nobody who lingers: the word that a thread blocks on changes', () => {
    const memory = createRing(64);
    const writer = new RingWriter(memory);
    const reader = new RingReader(memory);

    const came = reader.linger(1);
    writer.write(0, 0, new Uint8Array(1), 0, 1);
    const rings = writer.publish();

    expect({ came, rings, cameThen: reader.linger(1_000) }).toEqual({ came: false, rings: false, cameThen: true });
  });

  test.each([
    [1, 'sleeps'],
    [2, 'sleeps'],
    [3, 'lingers'],
    [4, 'lingers'],
  ] as const)(
    'loses no wake-up between two threads in half a million pieces (seed %i; the reader %s)',
    async (seed, how) => {
      const pieces = 500_000;
      const memory = createRing(16 * 1024);
      const { port1, port2 } = new MessageChannel();
      const workerData = { memory, port: port2, seed, pieces };
      const worker = new Worker(new URL('./threads/ring-writer.ts', import.meta.url), {
        workerData,
        transferList: [port2],
      });
      const reader = new RingReader(memory);
      const expected = new Prng(seed);
      let length = expected.below(256);
      let batch = expected.between(1, 64);
      let read = 0;
      let wrong = 0;

      const drain = (): void => {
        do {
          while (reader.next()) {
            const last = length === 0 ? read & 0xff : reader.bytes[reader.start + length - 1];
            if (reader.number !== read || reader.end - reader.start !== length || last !== (read & 0xff)) wrong++;
            read++;
            length = expected.below(256);
            if (--batch === 0) batch = expected.between(1, 64);
            if (reader.unreleasedBytes > 4096 && reader.release()) port1.postMessage(null);
          }
          if (reader.release()) port1.postMessage(null);
        } while ((how === 'lingers' && reader.linger(1)) || !reader.sleep());
      };
      port1.on('message', drain);
      drain();
      await new Promise((resolve) => worker.once('exit', resolve));
      drain();

      expect({ read, wrong }).toEqual({ read: pieces, wrong: 0 });
    },
  );
});

describe('a stock of rings', () => {
  test('gives an empty ring of the size asked for, whatever was in it before', () => {
    const stock = new RingStock();
    const used = stock.take(128);
    const writer = new RingWriter(used);
    writer.write(0, 1, new Uint8Array(9), 0, 9);
    writer.publish();
    new RingReader(used).sleep();

    stock.giveBack(used);
    const other = stock.take(64);
    const again = stock.take(128);

    expect([again === used, other === used]).toEqual([true, false]);
    expect(new RingReader(again).next()).toBe(false);
    expect(new RingWriter(again).publish()).toBe(false);
  });
});
