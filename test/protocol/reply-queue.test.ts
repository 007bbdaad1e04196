import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { text, utf8 } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { ReplyQueue, type Slot, UNTOLD } from '../../src/protocol/reply-queue.ts';

type Numbered = Slot & { number: number };

function queue() {
  const emitted: number[] = [];
  const wakes: number[] = [];
  const replies = new ReplyQueue<Numbered>(
    () => ({ state: 'open', bytes: UNTOLD, held: null, atTurn: null, number: 0 }),
    (slot) => emitted.push(slot.number),
    () => wakes.push(emitted.length),
  );
  return { replies, emitted, wakes };
}

function close(replies: ReplyQueue<Numbered>, slot: Numbered): void {
  replies.writerFor(slot).bytes(utf8(`${slot.number} `));
  replies.close(slot);
}

describe('replies', () => {
  test('leave in the order of the commands, whatever order they come in', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 200 }), (seed, count) => {
        const prng = new Prng(seed);
        const { replies, emitted } = queue();
        const open: Numbered[] = [];
        let output = '';
        for (let number = 0; number < count || open.length > 0; ) {
          if (number < count && prng.chance(0.5)) {
            const slot = replies.open();
            slot.number = number++;
            if (prng.chance(0.3)) replies.tell(slot, prng.below(100));
            open.push(slot);
          } else if (open.length > 0) {
            const [slot] = open.splice(prng.below(open.length), 1) as [Numbered];
            if (prng.chance(0.2)) replies.closeAtTurn(slot, (writer) => writer.bytes(utf8(`${slot.number} `)));
            else close(replies, slot);
          }
          if (prng.chance(0.1)) {
            output += text(replies.output());
            replies.clear();
          }
          expect(replies.untold).toBe(open.filter(({ bytes }) => bytes === UNTOLD).length);
        }
        const numbers = Array.from({ length: count }, (_, i) => i);
        expect(output + text(replies.output())).toBe(numbers.map((number) => `${number} `).join(''));
        expect([emitted, replies.size, replies.bytes]).toEqual([numbers, 0, replies.output().length]);
      }),
    );
  });

  test('that wait for older ones are those of commands that are no longer under way', () => {
    const { replies } = queue();
    const [first, second, third] = [replies.open(), replies.open(), replies.open()];

    close(replies, second);
    replies.closeAtTurn(third, () => undefined);

    expect([replies.underWay, replies.size]).toEqual([1, 3]);
    close(replies, first);
    expect([replies.underWay, replies.size]).toEqual([0, 0]);
  });

  test('that are held are counted in bytes until older ones come', () => {
    const { replies } = queue();
    const [first, second] = [replies.open(), replies.open()];
    second.number = 7;

    close(replies, second);
    const held = [replies.bytes, replies.size, replies.output().length];
    close(replies, first);

    expect(held).toEqual([2, 2, 0]);
    expect([replies.bytes, replies.size, text(replies.output())]).toEqual([4, 0, '0 7 ']);
  });

  test('whose length was told are counted in bytes before they come, the others by their number', () => {
    const { replies } = queue();
    const [told] = [replies.open(), replies.open()];

    replies.tell(told, 50);
    const before = [replies.bytes, replies.untold, replies.underWay];
    close(replies, told);

    expect(before).toEqual([50, 1, 2]);
    expect([replies.bytes, replies.untold, replies.underWay]).toEqual([2, 1, 1]);
  });

  test('of which one is the longest: it is known until they are taken', () => {
    const { replies } = queue();
    const [first, second, third] = [replies.open(), replies.open(), replies.open()];
    second.number = 1_000;

    close(replies, second);
    close(replies, first);
    const longest = replies.longest;
    replies.clear();
    close(replies, third);

    expect([longest, replies.longest]).toEqual(['1000 '.length, '0 '.length]);
  });

  test('that are long leave as pieces, in the order of the commands, and are counted until then', () => {
    const { replies } = queue();
    const lengths = [1, 300_000, 2, 3, 400_000, 500_000, 4];
    const slots = lengths.map(() => replies.open());
    const write = (i: number): void => {
      const slot = slots[i] as Numbered;
      replies.writerFor(slot).bytes(new Uint8Array(lengths[i] as number).fill(i));
      replies.close(slot);
    };

    for (const i of [5, 3, 1, 6, 0, 4, 2]) write(i);
    const counted = replies.bytes;
    const pieces: number[] = [];
    let output: number[] = [];
    while (replies.output().length > 0) {
      pieces.push(replies.output().length);
      output = output.concat([...new Set(replies.output())]);
      replies.clear();
    }

    expect(counted).toBe(lengths.reduce((sum, length) => sum + length));
    expect(pieces).toEqual([1, 300_000, 5, 400_000, 500_000, 4]);
    expect(output).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(replies.bytes).toBe(0);
  });

  test('that nobody takes are dropped, pieces and all', () => {
    const { replies } = queue();
    const [first, second] = [replies.open(), replies.open()];
    replies.writerFor(second).bytes(new Uint8Array(300_000));
    replies.close(second);
    close(replies, first);

    replies.drop();

    expect([replies.output().length, replies.bytes]).toEqual([0, 0]);
  });

  test('wake whoever sends them, once each time some became ready, and nobody while requests are read', () => {
    const { replies, wakes } = queue();
    const [first, second, third] = [replies.open(), replies.open(), replies.open()];

    close(replies, second);
    close(replies, first);
    replies.reading(() => close(replies, third));
    close(replies, replies.open());

    expect(wakes).toEqual([2, 4]);
  });
});
