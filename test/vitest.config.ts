/** How the suite runs, for `npm test` and for `vitest --config test/vitest.config.ts`. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const SEEDS = 'test/sim/play*.test.ts';
const HOSTS = 'test/e2e/**/*.test.ts';

export default defineConfig({
  test: {
    globalSetup: [fileURLToPath(new URL('./temporary.ts', import.meta.url))],
    // Processes, not threads: the product starts worker threads of its own, and a test may end one by exit().
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Seeds first, two long files side by side; then the rooms, on all cores; then whole hosts, one at a time, because some
    // of their promises are times.
    projects: [
      {
        extends: true,
        test: { name: 'seeds', include: [SEEDS], maxWorkers: '100%', sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: [SEEDS, HOSTS],
          maxWorkers: '100%',
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: { name: 'hosts', include: [HOSTS], maxWorkers: 1, sequence: { groupOrder: 3 } },
      },
    ],
  },
});
