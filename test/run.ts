/**
 * `npm test`: runs the suite and ends with one plain line, `N passed, N failed`, which programs can read. Takes
 * vitest's own arguments (`npm test -- test/trie -t split`). A file that does not load and an error that no test
 * caught count as failed, and so does a run without a test; exit code 0 only when nothing failed.
 */
import { fileURLToPath } from 'node:url';
import { parseCLI, startVitest, type Vitest } from 'vitest/node';

const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const config = fileURLToPath(new URL('./vitest.config.ts', import.meta.url));
const vitest = await startVitest('test', filter, { ...options, watch: false, config });
const { passed, failed, skipped } = count(vitest);
await vitest.close();
const skippedPart = skipped === 0 ? '' : `, ${skipped} skipped`;
// Written before exit() even into a pipe; exit() itself because a handle that a test left open must not keep CI waiting.
process.stdout.write(`${passed} passed, ${failed} failed${skippedPart}\n`, () => process.exit(failed === 0 ? 0 : 1));

function count(run: Vitest): { passed: number; failed: number; skipped: number } {
  const counts = { passed: 0, failed: run.state.getUnhandledErrors().length, skipped: 0 };
  for (const module of run.state.getTestModules()) {
    counts.failed += module.errors().length;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') counts.passed++;
      else if (state === 'skipped') counts.skipped++;
      else counts.failed++;
    }
    for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
  }
  if (counts.passed + counts.failed === 0) counts.failed = 1;
  return counts;
}
