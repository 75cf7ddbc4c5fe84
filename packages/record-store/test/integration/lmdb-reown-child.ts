import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { writeSync } from 'node:fs';
import { acceptAny } from '@p2p/record-store';
import { LmdbRecordStore } from '@p2p/record-store/lmdb';

/**
 * Opens the file under another id, for which it is made anew; kills itself at the step-th thing that it does to files. Says `done` where there is no such step.
 * With the built package: the oldest Node cannot run the source.
 */
const [, , path = '', lastStep = ''] = process.argv;
let steps = 0;

function step(): void {
  if (++steps < Number(lastStep)) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way; nothing more may happen on this thread until it is here.
  for (;;);
}

type Call = (...args: never[]) => unknown;

function counted(target: object, name: string): void {
  const call = Reflect.get(target, name) as Call;
  Reflect.set(target, name, function (this: unknown, ...args: never[]): unknown {
    step();
    return Reflect.apply(call, this, args);
  });
}

for (const name of ['link', 'mkdir', 'open', 'rename', 'stat', 'truncate', 'unlink']) counted(fs, name);
// Asked before each commit: of what is learned then, LMDB is at it, in a thread of its own, a turn of the event loop later.
const { statfs } = fs;
Reflect.set(fs, 'statfs', async (...args: Parameters<typeof statfs>) => {
  step();
  const room = await statfs(...args);
  setImmediate(step);
  return room;
});
const handle = await fs.open(import.meta.filename);
counted(Object.getPrototypeOf(handle) as object, 'sync');
await handle.close();
syncBuiltinESMExports();

steps = 0;
const store = await LmdbRecordStore.open({ path, localId: new TextEncoder().encode('another'), validators: { default: acceptAny() }, limits: { maxRecords: 'unlimited' } });
await store.close();
writeSync(1, 'done');
process.exit();
