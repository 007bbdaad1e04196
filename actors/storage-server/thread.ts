/**
 * Where a storage server's worker thread begins: the real disk, the links and control port it was started with. An
 * error that nobody caught ends the thread, and so this server alone.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { serveControl } from '../../src/node/control.ts';
import { nodeDisk } from '../../src/node/disk.ts';
import type { ServerReport, ServerThreadData } from '../../src/node/server-thread.ts';
import { StorageServer } from './handlers.ts';

const data = workerData as ServerThreadData;
const server = new StorageServer(data, {
  disk: nodeDisk,
  report: (report: ServerReport) => parentPort?.postMessage(report),
  end: (code) => process.exit(code),
});
serveControl(data.control, {
  status: () => server.status(),
  stop: () => server.stop(),
  checkpoint: () => server.checkpoint(),
  hang: (durationMs: number) => server.hang(durationMs),
  attachLink: (...args: Parameters<StorageServer['attachLink']>) => server.attachLink(...args),
  replaceRules: (...args: Parameters<StorageServer['replaceRules']>) => server.replaceRules(...args),
});
server.start();
