/** Asks single lines of the text protocol, as somebody at a terminal would, of a cluster in the same thread. */
import { text, utf8 } from '../lib/bytes.ts';
import type { CommandPort } from '../model/commands.ts';
import type { Administration } from '../model/status.ts';
import { TextSession } from '../protocol/text-session.ts';

export class LineAsker {
  readonly #port: CommandPort;
  readonly #administration: Administration;

  constructor(port: CommandPort, administration: Administration) {
    this.#port = port;
    this.#administration = administration;
  }

  /** Answers the final line of the reply, without its end. */
  ask(line: string, answer: (line: string) => void): void {
    let output = '';
    let isOver = false;
    const take = (): void => {
      output += text(session.output());
      session.sent();
      const final = output
        .split('\n')
        .slice(0, -1)
        .find((one) => !one.startsWith('WARNING'));
      if (final === undefined || isOver) return;
      isOver = true;
      answer(final);
    };
    const options = { role: 'gateway', putMode: 'upsert', strictTypes: false, angle: 'rad' } as const;
    const session: TextSession = new TextSession(this.#port, this.#administration, options, () => take());
    session.push(utf8(`${line}\n`));
    take();
  }
}
