/** Which bits of a file rot when a share of them does: each with the same chance, drawn as the gaps between them. */
import type { Prng } from '../lib/prng.ts';

/** Turns some of the bits in place; answers how many. O(bits that are turned). */
export function rot(bytes: Uint8Array, percent: number, prng: Prng): number {
  const share = percent / 100;
  // How many bits stay until the next one turns: geometric. Nothing turns at 0 and everything at 100.
  const gap = (): number => (share === 1 ? 0 : Math.floor(Math.log(1 - prng.float()) / Math.log(1 - share)));
  if (share === 0) return 0;
  let turned = 0;
  for (let bit = gap(); bit < bytes.length * 8; bit += 1 + gap()) {
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    turned++;
  }
  return turned;
}
