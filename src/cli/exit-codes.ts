/** What the command ends with (interface.md, Starting). The codes of failed commands come from the error table. */
import { ERRORS, type ErrorCode } from '../model/errors.ts';

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
/** Wrong use of the command, or input of which some lines were rejected. */
export const EXIT_USAGE = 2;
export const EXIT_CANNOT_CONNECT = 3;
/** Timeout: whether the command took effect is unknown. */
export const EXIT_UNKNOWN = 4;
export const EXIT_VERIFICATION = 5;
export const EXIT_SIGINT = 130;
export const EXIT_SIGTERM = 143;

/** Exit code of a command that ended with this error; 1 for a code of another version. */
export function exitCodeOf(code: string): number {
  return Object.hasOwn(ERRORS, code) ? ERRORS[code as ErrorCode].exit : EXIT_FAILED;
}
