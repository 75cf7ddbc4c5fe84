import { expect, it } from 'vitest';
import { DavePeer } from '../src/dave-peer.ts';
import { runGoMode } from '../src/go-program.ts';
import { describeWithGo } from './describe-with-go.ts';

describeWithGo('the load generators', () => {
  it('are served by ours: each dat written over TCP is readable, each GET answered', async () => {
    await using ours = await DavePeer.open();
    const target = ['-target', ours.address, '-count', '2000'];
    expect(await runGoMode('load-tcp', target)).toMatchObject({ count: 2000, readable: 2000 });
    expect(ours.node.entryCount).toBe(2000);
    const gets = await runGoMode('load-get', [...target, '-gets', '10000']);
    expect(gets).toMatchObject({ count: 10_000, hits: 10_000 });
    // They say that they are clients, and never become peers.
    expect(ours.node.activePeerCount).toBe(0);
  }, 60_000);
});
