import type { Dat } from '@p2p/dave-wire';
import type { Peer } from '../peers/peer.ts';
import { askOne } from './asking.ts';
import { compareVersions } from './dat-bytes.ts';
import type { OperationsModules } from './modules.ts';
import type { GetRequests } from './requests.ts';

const SAMPLE_DATS = 8;

/** An even sample of a batch, whatever its length, by which nodes that acknowledge nothing are checked in the end. */
export class BatchSample {
  readonly #modules: Pick<OperationsModules, 'clock' | 'endpoint' | 'directory' | 'random'>;
  readonly #requests: GetRequests;
  readonly #dats: Dat[] = [];
  #offered = 0;

  constructor(modules: Pick<OperationsModules, 'clock' | 'endpoint' | 'directory' | 'random'>, requests: GetRequests) {
    this.#modules = modules;
    this.#requests = requests;
  }

  /** Counts a dat in: each of all that were offered is in the sample with the same probability. */
  offer(dat: Dat): void {
    this.#offered += 1;
    if (this.#dats.length < SAMPLE_DATS) {
      this.#dats.push(dat);
      return;
    }
    const place = Math.floor(this.#modules.random.float() * this.#offered);
    if (place < SAMPLE_DATS) this.#dats[place] = dat;
  }

  /** Asks the peer for the sample; a newer dat under the same key counts as found. */
  async check(peer: Peer, signal: AbortSignal): Promise<{ sampled: number; sampleFound: number }> {
    const found = await Promise.all(
      this.#dats.map(async (dat) => {
        const said = await askOne(this.#modules, this.#requests, { peer, publicKey: dat.publicKey, key: dat.key }, signal);
        return said.answer === 'found' && compareVersions(said.entry.dat, dat) >= 0;
      }),
    );
    return { sampled: this.#dats.length, sampleFound: found.filter(Boolean).length };
  }
}
