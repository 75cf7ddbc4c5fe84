// Saves once more and kills itself before its step-th file operation: save-and-die.ts <directory> <step>. Prints "done" when there is no such step.
import { writeSync } from 'node:fs';
import { BootstrapCache } from '../../src/index.ts';
import { type FileSystem, nodeFileSystem } from '../../src/io/file-system.ts';

const [dir, lastStep] = process.argv.slice(2) as [string, string];
let steps = 0;
let isArmed = false;

function before(): void {
  if (!isArmed || ++steps < Number(lastStep)) return;
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way; nothing more may happen until it is here.
  for (;;);
}

/** Every call on it counts as one step, those on open files too. */
function counting<T extends object>(target: T): T {
  return new Proxy(target, {
    get(object, name, receiver) {
      const member: unknown = Reflect.get(object, name, receiver);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        before();
        const result: unknown = Reflect.apply(member, object, args);
        return result instanceof Promise ? result.then((value: unknown) => (typeof value === 'object' && value !== null && 'writeAll' in value ? counting(value) : value)) : result;
      };
    },
  });
}

const cache = await BootstrapCache.open({ dir }, counting<FileSystem>(nodeFileSystem));
cache.add('second', ['203.0.113.7:1']);
cache.recordSuccess('peer-3');
isArmed = true;
await cache.save();
isArmed = false;
writeSync(1, 'done');
