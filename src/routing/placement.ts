/**
 * Which servers own a key: the k of N with the highest scores, by rendezvous hashing (Thaler and Ravishankar,
 * 1998). No directory; when N grows, only the keys that the new server wins move. Row D-04.
 */
import type { ServerMask } from '../model/ids.ts';

export type Placement = { readonly servers: number; readonly replicas: number };

/** The owners of a key. O(key bytes + servers × replicas), no allocation. */
export function ownersOf(placement: Placement, bytes: Uint8Array, start = 0, end = bytes.length): ServerMask {
  const { servers, replicas } = placement;
  if (replicas === servers) return allServers(servers);
  const hash = hashOf(bytes, start, end);
  let owners = 0;
  for (let chosen = 0; chosen < replicas; chosen++) {
    let best = -1;
    let bestScore = -1;
    for (let server = 0; server < servers; server++) {
      if ((owners & (1 << server)) !== 0) continue;
      const score = mix(hash ^ Math.imul(server + 1, 0x9e37_79b1));
      if (score > bestScore) {
        best = server;
        bestScore = score;
      }
    }
    owners |= 1 << best;
  }
  return owners as ServerMask;
}

export function allServers(servers: number): ServerMask {
  return ((1 << servers) - 1) as ServerMask;
}

/** Every placement group, that is every set of `replicas` of `servers`, as masks. */
export function placementGroups({ servers, replicas }: Placement): ServerMask[] {
  const groups: ServerMask[] = [];
  for (let mask = 1; mask < 1 << servers; mask++) {
    let count = 0;
    for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
    if (count === replicas) groups.push(mask as ServerMask);
  }
  return groups;
}

/** MurmurHash3 (32 bit, Appleby) one byte at a time: keys are short and the mixing of the scores does the rest. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c_9dc5;
  for (let i = start; i < end; i++) {
    hash = Math.imul(hash ^ (bytes[i] as number), 0xcc9e_2d51);
    hash = (hash << 15) | (hash >>> 17);
  }
  return mix(hash ^ (end - start));
}

/** MurmurHash3's finalizer: every bit of the input moves every bit of the result. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
