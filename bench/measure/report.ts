/** Prints what a question found: a table for people, or the object that `run.ts` puts together with others. */
import { type Answer, inMarkdown } from './answer.ts';
import { settings } from './settings.ts';

export function report(answer: Answer): void {
  console.log(settings.isJson ? JSON.stringify(answer) : inMarkdown([answer]));
}
