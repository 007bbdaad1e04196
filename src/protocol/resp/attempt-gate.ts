/**
 * Whether a connection may try a password now. Where many from its address were wrong, an attempt waits its turn; this
 * remembers whether one waits, and whether its turn has come. Knows no password and no clock.
 */
export class AttemptGate {
  #state: 'closed' | 'waiting' | 'open' = 'closed';

  /** Whether an attempt has to wait; `delayMs` is asked once for each, and `later` calls back when its turn has come. */
  isLate(delayMs: () => number, later: (milliseconds: number, run: () => void) => void, onTurn: () => void): boolean {
    if (this.#state === 'open') return false;
    if (this.#state === 'waiting') return true;
    const milliseconds = delayMs();
    if (milliseconds === 0) return false;
    this.#state = 'waiting';
    later(milliseconds, () => {
      this.#state = 'open';
      onTurn();
    });
    return this.#state === 'waiting';
  }

  /** An attempt is made: whether it may be looked at. One turn is for one attempt. */
  pass(isSlow: boolean): boolean {
    const mayTry = !isSlow || this.#state === 'open';
    this.#state = 'closed';
    return mayTry;
  }
}
