/** How far a server's wall clock is off under its faults. Pure: the host tells the time. */
import type { ClockFault } from './action.ts';

/** Milliseconds that a clock is ahead (negative: behind) when the fault has acted for `forMs`. */
export function clockOffsetMs(fault: ClockFault, forMs: number): number {
  switch (fault.kind) {
    case 'skew':
      return fault.byMs;
    case 'drift':
      return (fault.rate - 1) * forMs;
    case 'strobe':
      return Math.floor(forMs / fault.everyMs) % 2 === 0 ? fault.byMs : 0;
    default:
      return fault satisfies never;
  }
}
