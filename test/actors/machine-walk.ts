/**
 * Every reachable state of a machine times every event, on running actors. States are found by the shortest paths of
 * XState's own graph search; where each pair leads is for the tests to say.
 */
import { type ActorLogicFrom, type AnyStateMachine, createActor, type EventFromLogic, type SnapshotFrom } from 'xstate';
import { getShortestPaths } from 'xstate/graph';

/** What an event did to an actor in a state; `illegal`: how often the actor counted it as one. */
export type Step = { readonly state: string; readonly event: string; readonly next: string; readonly illegal: number };

/** Where the events that a state knows lead. */
export type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

export type Walk<M extends AnyStateMachine> = {
  readonly events: Readonly<Record<string, EventFromLogic<M>>>;
  /** The name of a state, with what of the context decides about later events; its value when nothing is said. */
  readonly nameOf?: (snapshot: SnapshotFrom<M>) => string;
};

/** The shortest way to each state that can be reached, without the illegal events. */
export function pathsOf<M extends AnyStateMachine>(machine: M, walk: Walk<M>): EventFromLogic<M>[][] {
  const paths = getShortestPaths(
    machine as ActorLogicFrom<M>,
    {
      events: Object.values(walk.events),
      serializeState: (snapshot) => nameOf(walk, snapshot),
    } as Parameters<typeof getShortestPaths>[1],
  );
  return paths.map(({ steps }) =>
    steps.map(({ event }) => event as EventFromLogic<M>).filter(({ type }) => type !== 'xstate.init'),
  );
}

/** Sends each event to an actor of its own in each state. */
export function walk<M extends AnyStateMachine>(machine: M, options: Walk<M>): Step[] {
  return pathsOf(machine, options).flatMap((path) =>
    Object.entries(options.events).map(([name, event]) => {
      const actor = createActor(machine).start();
      for (const before of path) actor.send(before);
      const before = actor.getSnapshot();
      actor.send(event);
      const after = actor.getSnapshot();
      return {
        state: nameOf(options, before),
        event: name,
        next: nameOf(options, after),
        illegal: illegalOf(after) - illegalOf(before),
      };
    }),
  );
}

/** The same pairs as the table has them, and each state of it with each event: what it does not name is ignored and counted. */
export function stepsOf(table: Table, events: Readonly<Record<string, unknown>>): Step[] {
  return Object.entries(table).flatMap(([state, known]) =>
    Object.keys(events).map((event) => ({
      state,
      event,
      next: known[event] ?? state,
      illegal: known[event] === undefined ? 1 : 0,
    })),
  );
}

/** `up`, or `recovering.loading`. */
function valueName({ value }: { value: unknown }): string {
  if (typeof value === 'string') return value;
  return Object.entries(value as Record<string, unknown>)
    .map(([outer, inner]) => `${outer}.${String(inner)}`)
    .join();
}

function nameOf<M extends AnyStateMachine>(options: Walk<M>, snapshot: SnapshotFrom<M>): string {
  return options.nameOf?.(snapshot) ?? valueName(snapshot as { value: unknown });
}

function illegalOf(snapshot: unknown): number {
  return (snapshot as { context: { illegalEvents: number } }).context.illegalEvents;
}
