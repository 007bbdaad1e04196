/** Rejections of operators' calls as RESP says them: they reject with a KvError; all else is a defect of the host that must show. */
import { ERRORS, type KvError } from '../../model/errors.ts';
import { lineOf } from './failures.ts';

/** One error line. */
export function lineOfRejection(reason: unknown): string {
  if (typeof reason === 'object' && reason !== null && 'code' in reason && 'message' in reason) {
    const { code, message } = reason;
    if (typeof code === 'string' && Object.hasOwn(ERRORS, code))
      return lineOf({ code: code as KvError['code'], message: String(message) });
  }
  return `ERR the host failed: ${reason instanceof Error ? reason.message : String(reason)}`;
}
