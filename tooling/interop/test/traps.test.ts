import { verifyDat } from '@p2p/dave-wire';
import { expect, it, vi } from 'vitest';
import type { Verifier } from '@p2p/dave-node';
import { DavePeer, seriesBytes } from '../src/dave-peer.ts';
import { GoNode } from '../src/go-node.ts';
import { describeWithGo } from './describe-with-go.ts';

const LIMIT_MS = 60_000;
/** How long a Go writer may be at it while we do not read. */
const UNREAD_MS = 4000;

describeWithGo('what loses dats of a Go writer', () => {
  /*
   * A Go node closes a connection after 1 s of silence, and a Go writer never looks: what it writes
   * then is lost. Seen red with an allowance of 1 s here too: 2104 of 4000 dats lost, and all of 60.
   */
  it.concurrent.each([
    { pauseMs: 900, count: 4000 },
    { pauseMs: 3000, count: 4000 },
    // Below 32 kB nothing is sent before the end: to us the connection is silent from its start.
    { pauseMs: 3000, count: 60 },
  ])('a silence of $pauseMs ms in $count dats: ours keeps the connection, and every dat', async ({ pauseMs, count }) => {
    await using ours = await DavePeer.open();
    await using go = await GoNode.start({ edges: [ours.address] });
    await Promise.all([go.waitForPeers(1), ours.node.waitForActivePeers(1)]);
    const batch = { count, prefix: 'idle ', valueSize: 100 };
    const { elapsedMs } = await go.batch({ ...batch, pauseMs });
    expect(elapsedMs).toBeGreaterThan(pauseMs);
    await untilUsed(ours, seriesBytes(batch));
  }, LIMIT_MS);

  it.concurrent('the same silence of 3 s loses half of the dats on a Go node', async ({ expect }) => {
    await using receiver = await GoNode.start();
    await using go = await GoNode.start({ edges: [receiver.address] });
    await go.waitForPeers(1);
    const batch = { count: 4000, prefix: 'idle ', valueSize: 100 };
    await go.batch({ ...batch, pauseMs: 3000 });
    // If this no longer holds, the silences above prove nothing.
    const { usedSpace } = await receiver.status();
    expect(usedSpace).toBeLessThan(0.6 * seriesBytes(batch));
  }, LIMIT_MS);

  /*
   * A Go writer never reads. What lies unread on its side when it closes makes its system reset the
   * connection, which discards what we have not read yet. Seen red by acknowledging whether asked to
   * or not: 10 870 of 12 000 lost.
   */
  it('PUT_ACKs that nobody reads: while our reading is held up, none is sent and none of 12 000 dats is lost', async () => {
    const gate = new GatedVerifier(300);
    await using ours = await DavePeer.open({ verifier: gate });
    await using go = await GoNode.start({ edges: [ours.address] });
    await go.waitForPeers(1);
    const batch = { count: 12_000, prefix: 'unread ', valueSize: 19 };
    const writing = go.batch(batch);
    // What we have accepted so far has been answered, if it is answered at all.
    await gate.closed;
    const opening = setTimeout(() => gate.open(), UNREAD_MS);
    await writing.finally(() => clearTimeout(opening));
    gate.open();
    await untilUsed(ours, seriesBytes(batch));
  }, LIMIT_MS);
});

/** Answers a number of dats at once, then holds all others back until it is opened. */
class GatedVerifier implements Verifier {
  readonly closed: Promise<void>;
  readonly #close: () => void;
  readonly #opened: Promise<void>;
  readonly open: () => void;
  #free: number;
  pending = 0;

  constructor(free: number) {
    const closing = Promise.withResolvers<void>();
    const opening = Promise.withResolvers<void>();
    this.closed = closing.promise;
    this.#close = closing.resolve;
    this.#opened = opening.promise;
    this.open = opening.resolve;
    this.#free = free;
  }

  async verify(...[dat]: Parameters<Verifier['verify']>): ReturnType<Verifier['verify']> {
    const verdict = verifyDat(dat, { now: Date.now() });
    this.pending += 1;
    this.#free -= 1;
    if (this.#free < 0) {
      this.#close();
      await this.#opened;
    }
    this.pending -= 1;
    return await verdict;
  }

  close(): Promise<void> {
    this.open();
    return Promise.resolve();
  }
}

async function untilUsed({ node }: DavePeer, bytes: number): Promise<void> {
  await vi.waitFor(() => expect(node.usedSpace).toBe(bytes), { interval: 20, timeout: 20_000 });
}
