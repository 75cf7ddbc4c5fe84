import { writeSync } from 'node:fs';
import { openAt } from './open-at.ts';
import { run, script } from './script.ts';

/** Started under strace: says on standard output when a step was acknowledged, which the trace shows among its writes. */
const [, , path = '', steps = '1'] = process.argv;
const store = await openAt(path);
writeSync(1, 'OPEN\n');
for (const [at, step] of script(Number(steps)).entries()) {
  await run(store, step);
  writeSync(1, `ACK ${at}\n`);
}
await store.close();
