/** How the suite runs, for `npm test` and for `vitest --config test/vitest.config.ts`. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: [fileURLToPath(new URL('./temporary.ts', import.meta.url))],
    // Processes, not threads: the product starts worker threads of its own, and a test may end one by exit().
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
