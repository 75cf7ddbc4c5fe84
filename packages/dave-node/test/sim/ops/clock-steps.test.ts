import { expect, test } from 'vitest';
import { OpsWorld } from './operations-world.ts';

const HOUR_MS = 3_600_000;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a clock that is set back an hour does not keep the next puts from other nodes', async () => {
  const world = new OpsWorld('clock set back');
  const [a] = await world.mesh(3);
  world.clock.stepWallClock(HOUR_MS);
  expect((await world.run(a!.operations.put('one', bytes('ahead'), { minAcks: 3 }))).acks).toBe(3);
  world.clock.stepWallClock(-HOUR_MS);
  const put = await world.run(a!.operations.put('two', bytes('back'), { minAcks: 3 }));
  expect(put.dat.time).toBeLessThanOrEqual(world.clock.now());
  const again = await world.run(a!.operations.put('two', bytes('newer'), { minAcks: 3 }));
  expect(again.dat.time).toBeGreaterThan(put.dat.time);
});
