/** HELP of commands that have subcommands: written from their rows. */
import { type Group, nowRow, type Row } from '../row.ts';

/** The HELP subcommand of a container. */
export function helpRow(container: string, group: Group): Row {
  return nowRow(
    'help',
    { syntax: '', summary: 'What can be asked', group, flags: ['loading'] },
    (talk, _words, reply) => {
      const found = talk.host.index.groups.find(({ container: { name } }) => name === container);
      const lines = [`${container.toUpperCase()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`];
      for (const { row } of found?.entries ?? []) {
        lines.push(`${row.name.toUpperCase()}${row.syntax === '' ? '' : ` ${row.syntax}`}`);
        lines.push(`    ${row.summary}.`);
      }
      reply.array(lines.length);
      for (const line of lines) reply.simple(line);
    },
  );
}
