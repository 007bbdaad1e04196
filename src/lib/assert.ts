/** Programming errors end the actor: what is impossible must not be answered as if it were true. */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** Throws AssertionError unless `condition` holds. Never for bad input from outside: that is a Result. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
