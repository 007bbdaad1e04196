/**
 * What a key, or a family of keys that is only ever written whole, may hold after a crash: the value of an operation
 * that no acknowledged one came after. "After" is known where it can be known: begun later than the other's
 * acknowledgement, or later on the same connection.
 */

export type Operation = {
  readonly writer: string;
  /** Null: a deletion. */
  readonly value: string | null;
  readonly begun: number;
  acknowledged: number | null;
};

export class Register {
  readonly keys: readonly string[];
  #operations: Operation[] = [{ writer: '', value: null, begun: 0, acknowledged: 0 }];
  #clock = 0;

  constructor(keys: readonly string[]) {
    this.keys = keys;
  }

  begin(writer: string, value: string | null): Operation {
    const operation: Operation = { writer, value, begun: ++this.#clock, acknowledged: null };
    this.#operations.push(operation);
    return operation;
  }

  acknowledge(operation: Operation): void {
    operation.acknowledged = ++this.#clock;
  }

  /** It certainly did not happen. */
  refuse(operation: Operation): void {
    this.#operations = this.#operations.filter((other) => other !== operation);
  }

  /** Why this value cannot be what a reader finds, or null. */
  wrong(found: string | null): string | null {
    const sources = this.#operations.filter(({ value }) => value === found);
    if (sources.length === 0) return 'which nobody wrote, or whose write was refused';
    for (const source of sources) if (this.#successor(source) === null) return null;
    const lost = this.#successor(sources.at(-1) as Operation);
    return `though ${lost?.value?.slice(0, lost.value.indexOf('-')) ?? 'its deletion'} was acknowledged after it`;
  }

  /** Begins anew: this is what it holds, and nothing is in flight. */
  restart(value: string | null): void {
    this.#operations = [{ writer: '', value, begun: 0, acknowledged: 0 }];
    this.#clock = 0;
  }

  /** An acknowledged operation that certainly came after this one. */
  #successor({ writer, begun, acknowledged }: Operation): Operation | null {
    const after = (other: Operation): boolean =>
      other.acknowledged !== null &&
      (other.writer === writer ? other.begun > begun : acknowledged !== null && other.begun > acknowledged);
    return this.#operations.find(after) ?? null;
  }
}
