/** The program's version, which the executable cannot read from package.json; a test keeps the two equal. */
export const VERSION = '0.1.0';
