/** `coppice load FILE|-`: the loader with its progress, its complaints and its last line. */
import { Presets, SingleBar } from 'cli-progress';
import type { ConnectOptions } from './connect-options.ts';
import { checkReadable, openInput, sizeOf } from './files.ts';
import { interruption } from './interruption.ts';
import { Loader, type LoadReport } from './load.ts';
import { loadExitCode, loadJson, loadSummary } from './load-report.ts';
import { print, tell, type Terminal } from './terminal.ts';
import { openTextSocket } from './text-socket.ts';

export type LoadOptions = ConnectOptions & { readonly skipBad: boolean };

/** Loads the files one after the other; resolves with the exit code. */
export async function runLoad(files: readonly string[], options: LoadOptions, terminal: Terminal): Promise<number> {
  for (const file of files) await checkReadable(file);
  const socket = await openTextSocket(options.endpoint);
  const bar = new ProgressBar(terminal, await totalOf(files));
  const reading = { file: files[0] as string };
  const loader = new Loader(socket, {
    rejected: (line, message) => bar.above(`${reading.file}:${line}: ${message}`),
    warned: (warning, line) => bar.above(line === null ? warning : `${reading.file}:${line}: ${warning}`),
    progressed: (bytes) => bar.update(bytes),
  });
  let isLate = false;
  socket.setTimeout(options.timeoutMs, () => {
    // Input that comes slowly keeps nobody waiting.
    isLate = loader.waiting > 0;
    if (isLate) socket.destroy();
  });
  const loadAll = async (): Promise<LoadReport> => {
    let report: LoadReport | null = null;
    for (const file of files) {
      reading.file = file;
      report = await loader.load(openInput(file, terminal));
    }
    return report as LoadReport;
  };
  const interrupted = interruption(terminal);
  const loading = loadAll();
  const result = await Promise.race([loading, interrupted.exitCode]).finally(() => {
    interrupted.stopListening();
    // Whatever happened: a bar that is not stopped leaves the terminal without its cursor.
    bar.stop();
  });
  if (typeof result === 'number') {
    loading.catch(() => undefined);
    socket.destroy();
    tell(terminal, 'interrupted; loading again changes nothing that is stored');
    return result;
  }
  socket.end();
  print(terminal, options.json ? loadJson(result) : loadSummary(result));
  if (result.unknown > 0) {
    const what = isLate ? `no answer within ${options.timeoutMs} ms,` : 'the connection broke with';
    tell(terminal, `${what} ${result.unknown} lines unanswered; loading again changes nothing that is stored`);
  }
  return loadExitCode(result, options.skipBad);
}

async function totalOf(files: readonly string[]): Promise<number | null> {
  let total = 0;
  for (const file of files) {
    const size = await sizeOf(file);
    if (size === null) return null;
    total += size;
  }
  return total;
}

/** A bar by bytes on a terminal; nothing elsewhere, or when nobody knows how much is to come. */
class ProgressBar {
  readonly #terminal: Terminal;
  readonly #bar: SingleBar | null;
  #bytes = 0;

  constructor(terminal: Terminal, total: number | null) {
    this.#terminal = terminal;
    const shows = terminal.stderr.isTTY === true && total !== null && terminal.env['TERM'] !== 'dumb';
    const format = '{bar} {percentage}% {value}/{total} bytes, {eta_formatted} left';
    this.#bar = shows
      ? new SingleBar({ format, stream: terminal.stderr as NodeJS.WritableStream }, Presets.shades_classic)
      : null;
    this.#bar?.start(total ?? 0, 0);
  }

  update(bytes: number): void {
    this.#bytes = bytes;
    this.#bar?.update(bytes);
  }

  /** A line of its own above the bar. */
  above(line: string): void {
    if (this.#bar !== null) this.#terminal.stderr.write('\r\u001b[K');
    tell(this.#terminal, line);
    this.#bar?.update(this.#bytes);
  }

  stop(): void {
    this.#bar?.stop();
  }
}
