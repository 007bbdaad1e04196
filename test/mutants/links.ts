/** Defects of links: what is lost, doubled or out of order. */
import type { Mutant } from './mutant.ts';

export const LINKS: readonly Mutant[] = [
  {
    name: 'a gap in the frames of a link is not noticed',
    expected: 'register',
    likely: ['link drop'],
    file: 'routing/link-repair.ts',
    find: '    if (ahead === 0) {',
    replace: '    if (ahead >= 0) {',
  },
  {
    name: 'a frame that came twice is delivered twice',
    expected: 'register',
    likely: ['link duplicate'],
    file: 'routing/link-repair.ts',
    find: "if (ahead < 0 || this.#held.has(number)) return 'late';",
    replace: "if (ahead < 0) return 'deliver';\n    if (this.#held.has(number)) return 'late';",
  },
  {
    name: 'frames that came before their turn are delivered when they come',
    expected: 'register',
    likely: ['link reorder'],
    file: 'routing/link-repair.ts',
    find: "if (ahead < 0 || this.#held.has(number)) return 'late';",
    replace: "if (ahead < 0 || this.#held.has(number)) return 'late';\n    if (bytes.length > 0) return 'deliver';",
  },
  {
    name: 'a frame that was lost is not sent again',
    expected: 'late',
    likely: ['link drop'],
    file: 'routing/link-repair.ts',
    find: '      resend(copy.number, copy.frame);\n',
    replace: '',
  },
];
