/**
 * Where a storage server's worker thread begins: the real disk, the links and control port it was started with. An
 * error that nobody caught ends the thread, and so this server alone.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { serveControl } from '../../src/node/control.ts';
import { nodeDisk } from '../../src/node/disk.ts';
import type { ServerReport, ServerThreadData } from '../../src/node/server-thread.ts';
import { StorageServer } from './handlers.ts';
import { ThreadFaults } from './thread-faults.ts';

const data = workerData as ServerThreadData;
const report = (said: ServerReport): void => parentPort?.postMessage(said);
const end = (code: number): never => process.exit(code);
const faults = data.faults === null ? null : new ThreadFaults(data, data.faults, { report, end });
const server = new StorageServer(data, { disk: faults?.disk ?? nodeDisk, faults, report, end });
serveControl(data.control, {
  status: () => server.status(),
  stop: () => server.stop(),
  checkpoint: () => server.checkpoint(),
  hang: () => server.hang(),
  replaceFaults: (...args: Parameters<StorageServer['replaceFaults']>) => server.replaceFaults(...args),
  failPower: (...args: Parameters<StorageServer['failPower']>) => server.failPower(...args),
  exhaustMemory: () => server.exhaustMemory(),
  attachLink: (...args: Parameters<StorageServer['attachLink']>) => server.attachLink(...args),
  replaceRules: (...args: Parameters<StorageServer['replaceRules']>) => server.replaceRules(...args),
});
server.start();
