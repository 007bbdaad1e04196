import { describe, expect, test } from 'vitest';
import { NO_NOTES, type Reply } from '../../src/model/commands.ts';
import { EventQueue } from '../../src/sim/event-queue.ts';
import { ScriptClients } from '../../src/sim/script-clients.ts';

const WRITTEN: Reply = { kind: 'written', items: 1, notes: NO_NOTES };

/** Clients of a cluster that answers when it is told to; what was heard of each question, in order. */
function open() {
  const queue = new EventQueue();
  const clients = new ScriptClients(queue);
  const heard: string[] = [];
  const asked = new Map<string, (reply: Reply) => void>();
  return {
    clients,
    heard,
    asked,
    ask: (name: string, client = 1): void => {
      clients.ask({
        client,
        submit: (reply) => asked.set(name, reply),
        answered: ({ kind }) => heard.push(`${name} ${kind}`),
        broken: (wasSent) => heard.push(`${name} broken ${wasSent ? 'after' : 'before'} it was sent`),
      });
    },
    pass: () => {
      while (queue.step());
    },
  };
}

describe('clients of a script', () => {
  test('lose what is in flight when they are reset, and send nothing until it is healed', () => {
    const { clients, heard, asked, ask, pass } = open();
    ask('first');
    const heal = clients.begin({ act: 'rst' });
    ask('second');
    pass();
    asked.get('first')?.(WRITTEN);
    heal();
    ask('third');
    asked.get('third')?.(WRITTEN);

    expect(heard).toEqual(['first broken after it was sent', 'second broken before it was sent', 'third written']);
    expect(asked.has('second')).toBe(false);
  });

  test('ask and hear nothing while they stall, and everything afterwards', () => {
    const { clients, heard, asked, ask } = open();
    ask('before');
    const heal = clients.begin({ act: 'stall' });
    ask('during');
    asked.get('before')?.(WRITTEN);
    const [said, sent] = [[...heard], asked.has('during')];
    heal();
    asked.get('during')?.(WRITTEN);

    expect([said, sent]).toEqual([[], false]);
    expect(heard).toEqual(['before written', 'during written']);
  });

  test('lose the answer that would be too many bytes, each on its own connection, and go on with another one', () => {
    const { clients, heard, asked, ask } = open();
    const heal = clients.begin({ act: 'close-after', bytes: 7 });
    for (const [name, client] of [
      ['a1', 1],
      ['a2', 1],
      ['b1', 2],
      ['a3', 1],
      ['a4', 1],
    ] as const) {
      ask(name, client);
      asked.get(name)?.(WRITTEN);
    }
    heal();

    expect(heard).toEqual(['a1 written', 'a2 written', 'b1 written', 'a3 broken after it was sent', 'a4 written']);
  });
});
