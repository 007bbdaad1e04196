import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Place, type Taker, Turns } from '../../../actors/gateway/turns.ts';

const COMMANDS_MAX = 100;
const COMMANDS_A_TURN = 10;

/** Who has so many requests, hands on so many a turn, and is answered when told. */
class Client implements Taker {
  readonly place: Place;
  readonly turns: Turns;
  readonly log: Client[];
  wanted: number;
  underWay = 0;
  isQuiet = false;

  constructor(turns: Turns, log: Client[], wanted: number) {
    this.turns = turns;
    this.log = log;
    this.wanted = wanted;
    this.place = turns.placeFor(this);
  }

  get wantsTurn(): boolean {
    return this.wanted > 0;
  }

  takeTurn(): number {
    const commands = Math.min(this.wanted, COMMANDS_A_TURN);
    this.wanted -= commands;
    this.underWay += commands;
    for (let i = 0; i < commands; i++) this.log.push(this);
    this.turns.count(this.place, this.underWay);
    return commands;
  }

  answered(commands: number): void {
    this.underWay -= commands;
    this.turns.count(this.place, this.underWay);
    this.turns.serve();
  }
}

/** Answers the oldest of all commands, one by one. */
function answer(log: Client[], count: number): void {
  for (let i = 0; i < count; i++) log.shift()?.answered(1);
}

describe('turns', () => {
  test('go on while there is room, and again as soon as there is', () => {
    const turns = new Turns(COMMANDS_MAX);
    const log: Client[] = [];
    const client = new Client(turns, log, 1_000);

    turns.join(client.place);
    const atFirst = turns.commands;
    answer(log, 30);

    expect([atFirst, turns.commands, client.wanted]).toEqual([COMMANDS_MAX, COMMANDS_MAX, 1_000 - 130]);
  });

  test('of who comes are before those of who floods, however many flood', () => {
    const turns = new Turns(COMMANDS_MAX);
    const log: Client[] = [];
    const floods = Array.from({ length: 500 }, () => new Client(turns, log, 1e9));
    for (const { place } of floods) turns.join(place);
    answer(log, 20_000);
    const client = new Client(turns, log, 1);

    turns.join(client.place);
    const before = client.wanted;
    answer(log, COMMANDS_A_TURN);

    expect([before, client.wanted]).toEqual([1, 0]);
  });

  test('of who asks for one thing after the other wait for a round trip each, not for all who flood', () => {
    const turns = new Turns(COMMANDS_MAX);
    const log: Client[] = [];
    const floods = Array.from({ length: 20 }, () => new Client(turns, log, 1e9));
    for (const { place } of floods) turns.join(place);
    answer(log, 5_000);
    const client = new Client(turns, log, 0);

    const waits: number[] = [];
    for (let i = 0; i < 50; i++) {
      client.wanted = 1;
      turns.join(client.place);
      for (waits[i] = 0; client.wanted + client.underWay > 0; waits[i] = (waits[i] as number) + 1) answer(log, 1);
    }

    expect(Math.max(...waits)).toBeLessThanOrEqual(COMMANDS_MAX + 2 * COMMANDS_A_TURN);
  });

  test('of the quiet are given without room: who is stuck stops nobody but those who ask for much', () => {
    const turns = new Turns(COMMANDS_MAX);
    const log: Client[] = [];
    turns.join(new Client(turns, log, 1_000).place);
    const quiet = new Client(turns, log, 1);
    quiet.isQuiet = true;

    turns.join(quiet.place);

    expect([quiet.wanted, turns.commands]).toEqual([0, COMMANDS_MAX + 1]);
  });

  test('are shared evenly by all who always have more, whenever they came and whoever left', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2_000), { minLength: 1, maxLength: 30 }), fc.nat(3), (comings, leavers) => {
        const turns = new Turns(COMMANDS_MAX);
        const log: Client[] = [];
        const clients = comings.map(() => new Client(turns, log, 1e9));
        const leaving = clients.slice(0, Math.min(leavers, clients.length - 1));
        for (const [i, { place }] of clients.entries()) {
          turns.join(place);
          answer(log, comings[i] as number);
        }
        for (const client of leaving) client.wanted = 0;
        const stayed = clients.filter((client) => !leaving.includes(client));
        answer(log, 300 * clients.length);

        const before = stayed.map(({ wanted }) => wanted);
        answer(log, 100 * COMMANDS_A_TURN * stayed.length);

        const given = stayed.map(({ wanted }, i) => (before[i] as number) - wanted);
        expect(Math.max(...given) - Math.min(...given)).toBeLessThanOrEqual(2 * COMMANDS_A_TURN);
      }),
      { numRuns: 200 },
    );
  });

  test('that nobody wants any more are not given, and what was counted for them is free', () => {
    const turns = new Turns(COMMANDS_MAX);
    const log: Client[] = [];
    const [first, second, third] = [1_000, 1_000, 1_000].map((wanted) => new Client(turns, log, wanted)) as [
      Client,
      Client,
      Client,
    ];
    for (const { place } of [first, second, third]) turns.join(place);

    second.wanted = 0;
    first.wanted = 0;
    turns.count(first.place, 0);
    turns.serve();

    expect([first.wanted, second.wanted, third.wanted]).toEqual([0, 0, 1_000 - COMMANDS_MAX]);
  });
});
