/** All of mathjs in one file: one read instead of 651 modules, at every start of a host. Only its parser is used. */
declare module 'mathjs/lib/browser/math.js' {
  const math: typeof import('mathjs');
  export = math;
}
