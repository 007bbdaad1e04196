/** How the suite runs, for `npm test` and for `vitest --config test/vitest.config.ts`. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const HOSTS = 'test/e2e/**/*.test.ts';

export default defineConfig({
  test: {
    globalSetup: [fileURLToPath(new URL('./temporary.ts', import.meta.url))],
    // Processes, not threads: the product starts worker threads of its own, and a test may end one by exit().
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // First the rooms, on all cores; then whole hosts, one at a time, because some of their promises are times.
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: [HOSTS],
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'hosts', include: [HOSTS], maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
