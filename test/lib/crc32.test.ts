import { crc32 as platform } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32 } from '../../src/lib/crc32.ts';

test('the checksum of any range from any seed is the one of zlib', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 0, max: 0xffff_ffff }),
      (bytes, a, b, seed) => {
        const [start, end] = [a % (bytes.length + 1), b % (bytes.length + 1)].sort((x, y) => x - y) as [number, number];

        expect(crc32(bytes, seed, start, end)).toBe(platform(bytes.subarray(start, end), seed));
      },
    ),
  );
});

test('the check value of the polynomial is that of the standard', () => {
  const sum = crc32(new TextEncoder().encode('123456789'));

  expect(sum).toBe(0xcbf4_3926);
});
