/** Which directed links a fault of messages is about. Every two of the broker and the servers have one each way. */
import { allServers, type ServerIndex } from '../model/ids.ts';
import type { DirectedLink, Neighbour } from './action.ts';

/** The broker and every server. */
export function everybody(servers: number): Neighbour[] {
  return ['broker', ...allServers(servers)];
}

export function allLinks(servers: number): DirectedLink[] {
  return linksAround(everybody(servers), servers);
}

/** Every link to and from these, also among them. */
export function linksAround(centre: readonly Neighbour[], servers: number): DirectedLink[] {
  const all = everybody(servers);
  return all.flatMap((from) =>
    all.filter((to) => to !== from && (centre.includes(from) || centre.includes(to))).map((to) => ({ from, to })),
  );
}

/** What the first send to the others. */
export function linksFrom(left: readonly Neighbour[], right: readonly Neighbour[]): DirectedLink[] {
  return left.flatMap((from) => right.filter((to) => to !== from).map((to) => ({ from, to })));
}

/** Both ways between every two of different groups. */
export function linksAmong(groups: readonly (readonly Neighbour[])[]): DirectedLink[] {
  return groups.flatMap((group, at) => groups.flatMap((other, to) => (at === to ? [] : linksFrom(group, other))));
}

/**
 * What is cut so that every server reaches a majority, and no two the same one (Jepsen's majorities ring): each keeps
 * those nearest to it in `circle`. Of three, the first and the last lose each other.
 */
export function ringLinks(circle: readonly ServerIndex[]): DirectedLink[] {
  const size = circle.length;
  const reach = Math.max(1, Math.ceil(Math.floor(size / 2) / 2));
  const isFar = (a: number, b: number): boolean => {
    if (size === 3) return Math.abs(a - b) === 2;
    const distance = Math.abs(a - b);
    return Math.min(distance, size - distance) > reach;
  };
  return circle.flatMap((from, a) => circle.filter((_, b) => a !== b && isFar(a, b)).map((to) => ({ from, to })));
}
