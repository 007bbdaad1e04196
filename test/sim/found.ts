/**
 * Scenarios that broke a promise once, as small as they could be made, kept as data: what a seed means may change, what
 * happens here does not.
 */
import type { Scenario } from '../../src/sim/scenario.ts';

export const FOUND = [
  {
    what: 'a server in sync before it had what was agreed without it (two seeds)',
    scenario: {
      seed: 1696,
      config: {
        servers: 2,
        replicas: 2,
        mode: 'replicated',
        durability: 'fsync',
        putMode: 'upsert',
        deleteMode: 'available',
      },
      knobs: {
        checkpointBytes: 16000000,
        segmentBytes: 65536,
        linkMs: 10,
        syncMs: 10,
        turnMs: 0,
        lateMs: 50,
        clockRate: 1.02,
      },
      workload: {
        clients: 4,
        registers: 11,
        family: 3,
        thinkMs: 100,
        fleeting: 0,
        updates: 0,
      },
      budget: 'beyond',
      durationMs: 3000,
      happenings: [
        {
          atMs: 328.9552688153668,
          kind: 'fault',
          action: {
            kind: 'disk',
            servers: [0],
            fault: {
              kind: 'torn-write',
            },
          },
          forMs: null,
          seed: 3877083799,
        },
        {
          atMs: 1490.4618599452706,
          kind: 'fault',
          action: {
            kind: 'slow',
            servers: [0],
            factor: 3,
          },
          forMs: 16.828406791008664,
          seed: 2215983065,
        },
        {
          atMs: 1548.4239807271301,
          kind: 'fault',
          action: {
            kind: 'disk',
            servers: [1],
            fault: {
              kind: 'torn-write',
            },
          },
          forMs: null,
          seed: 2513030119,
        },
        {
          atMs: 1713.8069227055828,
          kind: 'fault',
          action: {
            kind: 'disk',
            servers: [0],
            fault: {
              kind: 'torn-write',
            },
          },
          forMs: null,
          seed: 3023038201,
        },
        {
          atMs: 2284.7611186358563,
          kind: 'fault',
          action: {
            kind: 'slow',
            servers: [1],
            factor: 300,
          },
          forMs: 706.50554485205,
          seed: 2749304422,
        },
        {
          atMs: 2498.0341035861898,
          kind: 'fault',
          action: {
            kind: 'disk',
            servers: [1],
            fault: {
              kind: 'torn-write',
            },
          },
          forMs: null,
          seed: 1995464546,
        },
      ],
    },
  },
  {
    what: 'a second catch-up from one source replaced the first',
    scenario: {
      seed: 1171,
      config: {
        servers: 5,
        replicas: 3,
        mode: 'replicated',
        durability: 'fsync',
        putMode: 'upsert',
        deleteMode: 'available',
      },
      knobs: {
        checkpointBytes: 1000,
        segmentBytes: 65536,
        linkMs: 10,
        syncMs: 10,
        turnMs: 5,
        lateMs: 50,
        clockRate: 1,
      },
      workload: {
        clients: 2,
        registers: 4,
        family: 5,
        thinkMs: 400,
        fleeting: 0,
        updates: 0,
      },
      budget: 'crashes',
      durationMs: 3000,
      happenings: [
        {
          atMs: 6.823517674334889,
          kind: 'fault',
          action: {
            kind: 'power',
            servers: [2],
            survivors: 'prefix',
          },
          forMs: 1.8602173816857004,
          seed: 2838675916,
        },
        {
          atMs: 323.70583156029124,
          kind: 'fault',
          action: {
            kind: 'power',
            servers: [1],
            survivors: 'random',
          },
          forMs: 628.9123649186544,
          seed: 317343916,
        },
        {
          atMs: 846.2656174950447,
          kind: 'restart',
          server: 4,
        },
        {
          atMs: 1220.4661220145908,
          kind: 'restart',
          server: 1,
        },
        {
          atMs: 1530.8499007929786,
          kind: 'restart',
          server: 4,
        },
        {
          atMs: 1567.5602745633419,
          kind: 'restart',
          server: 1,
        },
      ],
    },
  },
  {
    what: 'a read that failed at a start without the other owner',
    scenario: {
      seed: 20734,
      config: {
        servers: 2,
        replicas: 2,
        mode: 'replicated',
        durability: 'fsync',
        putMode: 'upsert',
        deleteMode: 'available',
      },
      knobs: {
        checkpointBytes: 1000,
        segmentBytes: 262144,
        linkMs: 10,
        syncMs: 1,
        turnMs: 0.5,
        lateMs: 50,
        clockRate: 1,
      },
      workload: {
        clients: 1,
        registers: 5,
        family: 4,
        thinkMs: 100,
        fleeting: 0,
        updates: 0,
      },
      budget: 'beyond',
      durationMs: 8000,
      happenings: [
        {
          atMs: 6231.407775725649,
          kind: 'fault',
          action: {
            kind: 'disk',
            servers: [1],
            fault: {
              kind: 'read-fail',
              probability: 0.2,
            },
          },
          forMs: 1868.052185767485,
          seed: 4253762668,
        },
        {
          atMs: 6506.824562765735,
          kind: 'blackout',
          blackout: {
            survivors: 'none',
            offMs: 3.889940796478584,
            losesEpochFile: false,
          },
          absent: [],
          absentMs: 8.270045153113003,
        },
        {
          atMs: 6625.113166651328,
          kind: 'blackout',
          blackout: {
            survivors: 'random',
            offMs: 219.1083432208189,
            losesEpochFile: false,
          },
          absent: [0],
          absentMs: 135.61296638313834,
        },
      ],
    },
  },
] as unknown as readonly { readonly what: string; readonly scenario: Scenario }[];
