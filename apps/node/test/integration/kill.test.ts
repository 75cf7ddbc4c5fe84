import { expect, test } from 'vitest';
import { temporaryHome } from './dave-process.ts';
import { KillStorm } from './kill-storm.ts';

const KILLS = process.env['DAVE_LONG'] === '1' ? 50 : 4;

test(`killed ${KILLS} times in a storm of writes, a node has and serves every dat that it acknowledged`, { timeout: 60_000 + KILLS * 20_000 }, async () => {
  await using home = await temporaryHome();
  const storm = new KillStorm(home.path, 'killed');
  for (let kill = 0; kill < KILLS; kill++) {
    await using daemon = await storm.start();
    if (kill > 0) await storm.verify(daemon);
    await storm.round(daemon, 1 + Math.floor(Math.random() * 1500));
  }
  await using daemon = await storm.start();
  await storm.verify(daemon);
  expect(storm.acknowledged.size).toBeGreaterThan(64);
});
