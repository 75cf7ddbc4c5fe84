// Plays with a cache for a while and writes down what it saw, for a check of linearizability.
// Arguments: directory, where to write, number of this process, for how long in ms, a bug to play ('none').
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalCacheBackend } from '@p2p/cache-backend';
import { type KeyOperation, readValueTree, writeValueTree } from '@p2p/cache-backend/conformance';

const [dir = '', out = '', number = '', forMs = '', bug = 'none'] = process.argv.slice(2);
const KEYS = ['one', 'two', 'three', 'four', 'five', 'six'];
/** One clock for all processes of the machine. */
const now = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;
const cache = await LocalCacheBackend.open({ dir, threads: 1 });
const history: [key: string, operation: KeyOperation][] = [];
const torn: string[] = [];
const remembered = new Map<string, string>();
let state = Number(number) + 1;
const draw = (below: number): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return (state >> 8) % below;
};

// Threads and modules are loaded before the game, which begins for all together, when the last one is there.
const warm = `warm ${number}`;
await (await cache.put(warm, writeValueTree(join(out, `source-${number}`), warm), '')).release();
await (await cache.get(warm, { verify: 'full' }))?.release();
await cache.invalidate(warm);
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
const end = now() + Number(forMs);
/** However slow the machine is. */
const MIN_TURNS = 20;
for (let turn = 0; turn < MIN_TURNS || now() < end; turn++) {
  const key = KEYS[draw(KEYS.length)] ?? 'one';
  const what = draw(100);
  const startedAt = now();
  const note = (call: KeyOperation['call'], at = key): void => void history.push([at, { startedAt, endedAt: now(), call }]);
  if (what < 25) {
    const value = `${number}.${turn}`;
    const hit = await cache.put(key, writeValueTree(join(out, `source-${number}`), value), '', what < 5 ? { ifAbsent: true } : {});
    const stored = readValueTree(hit.path);
    if (what >= 5) note({ type: 'put', value });
    else note(stored === value ? { type: 'put', value } : { type: 'get', value: stored });
    await hit.release();
  } else if (what < 85) {
    const hit = await cache.get(key, { verify: what < 30 ? 'full' : 'metadata' });
    let value = hit === undefined ? undefined : readValueTree(hit.path);
    if (bug === 'stale' && value !== undefined) {
      value = remembered.get(key) ?? value;
      remembered.set(key, value);
    }
    note({ type: 'get', value });
    if (hit !== undefined && draw(4) === 0) {
      // A lease holds while others replace, invalidate and prune.
      await sleep(draw(20));
      if (readValueTree(hit.path) !== value && bug === 'none') torn.push(`${key}: a leased tree changed`);
    }
    await hit?.release();
  } else if (what < 95) note({ type: 'invalidate', found: await cache.invalidate(key) });
  else if (what < 99) for (const victim of (await cache.prune({ maxEntries: 3 })).victims) note({ type: 'evict' }, victim.key);
  else {
    const report = await cache.verify();
    for (const { key, problem } of report.corrupt) torn.push(`${key}: ${problem}`);
  }
}
await cache.close();
writeFileSync(join(out, `history-${number}.json`), JSON.stringify({ history, torn }));
process.exit(0);
