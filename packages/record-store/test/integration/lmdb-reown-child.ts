import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { writeSync } from 'node:fs';
import { acceptAny } from '../../src/index.ts';
import { LmdbEnvironment } from '../../src/backends/lmdb/environment.ts';
import { LmdbRecordStore } from '../../src/backends/lmdb/index.ts';

/** Opens the file under another id, for which it is made anew; kills itself at the step-th thing that it does to files. Says `done` where there is no such step. */
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

for (const name of ['link', 'mkdir', 'open', 'rename', 'truncate', 'unlink']) counted(fs, name);
const handle = await fs.open(import.meta.filename);
counted(Object.getPrototypeOf(handle) as object, 'sync');
await handle.close();
syncBuiltinESMExports();
const { prototype } = LmdbEnvironment;
const commit = Reflect.get(prototype, 'commit');
prototype.commit = function (rows, onBegun) {
  step();
  return Reflect.apply(commit, this, [rows, () => {
    onBegun?.();
    // From here on LMDB is at it, in a thread of its own.
    setImmediate(step);
  }]);
};
counted(prototype, 'close');

steps = 0;
const store = await LmdbRecordStore.open({ path, localId: new TextEncoder().encode('another'), validators: { default: acceptAny() }, limits: { maxRecords: 'unlimited' } });
await store.close();
writeSync(1, 'done');
process.exit();
