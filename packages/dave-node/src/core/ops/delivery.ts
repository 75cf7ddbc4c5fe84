import { DAT_OVERHEAD, MAX_PACKET, type Entry, type Put, type PutAckCode } from '@p2p/dave-wire';
import { TRACE } from '@p2p/trace';
import type { Peer } from '../peers/peer.ts';
import { askOne, retransmitAfterMs } from './asking.ts';
import { compareVersions, utf8Length } from './dat-bytes.ts';
import { sleep } from './deadline.ts';
import type { OperationsModules, OperationsOptions } from './modules.ts';
import { outcomeOf, type AckWaiters, type ReplicaOutcome } from './put-acks.ts';
import { ReplicaLink } from './replica-link.ts';
import type { GetRequests } from './requests.ts';

/** Op, two lengths, five replicas; and the extension block that carries a request id. */
const PUT_OVERHEAD = 1 + 2 + 40 + 2 + DAT_OVERHEAD;
const REQUEST_ID_BYTES = 12;
/** When a node that does not acknowledge is asked whether it has stored a dat, after each way of sending. */
const CONFIRM_AFTER_MS: readonly number[] = [15, 150];

/** Brings one entry to one peer: a datagram, repeated once, then TCP. */
export class Delivery {
  readonly #options: OperationsOptions;
  readonly #modules: OperationsModules;
  readonly #requests: GetRequests;
  readonly #acks: AckWaiters;

  constructor(options: OperationsOptions, modules: OperationsModules, requests: GetRequests, acks: AckWaiters) {
    this.#options = options;
    this.#modules = modules;
    this.#requests = requests;
    this.#acks = acks;
  }

  /**
   * Resolves with what the peer said, or `unconfirmed` when the signal aborts first. A dat from the
   * future, which a lenient clock skew admits, waits until it is due.
   */
  deliver(peer: Peer, entry: Entry, signal: AbortSignal): Promise<ReplicaOutcome> {
    if (TRACE) entry = this.#modules.trace?.fork(entry, 'deliver', peer) ?? entry;
    const delivering = this.#deliver(peer, entry, signal);
    if (TRACE) this.#modules.trace?.finishWith(entry, 'deliver', delivering, isPlaced, peer);
    return delivering;
  }

  async #deliver(peer: Peer, entry: Entry, signal: AbortSignal): Promise<ReplicaOutcome> {
    try {
      const earlyMs = entry.dat.time - this.#modules.clock.now();
      if (earlyMs > 0) await sleep(this.#modules.clock, earlyMs, signal);
      const acknowledging = peer.sendsPutAck && hasRoomForRequestId(entry);
      const overUdp = acknowledging
        ? await this.#sendUntilAck(peer, entry, signal)
        : await this.#sendAndConfirm(peer, entry, signal);
      // A datagram that was shed comes through where back-pressure holds it.
      if (overUdp !== undefined && overUdp !== 'overloaded') return overUdp;
      return await this.#overTcp(peer, entry, signal);
    } catch (error) {
      if (signal.aborted) return 'unconfirmed';
      throw error;
    }
  }

  #sendUntilAck(peer: Peer, entry: Entry, signal: AbortSignal): Promise<ReplicaOutcome | undefined> {
    const { clock, endpoint } = this.#modules;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const waitMs = retransmitAfterMs(peer);
      const finish = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
        this.#acks.close(requestId);
      };
      const onAbort = (): void => {
        finish();
        reject(signal.reason as Error);
      };
      const requestId = this.#acks.open(peer, entry.dat, (code: PutAckCode) => {
        finish();
        resolve(outcomeOf(code));
      });
      const send = (): void => {
        const message: Put = { op: 'put', entry, extensions: { requestId } };
        if (TRACE) this.#modules.trace?.stamp(message, entry);
        endpoint.send(message, peer.address);
      };
      let timer = clock.setTimer(waitMs, () => {
        if (TRACE) this.#modules.trace?.lost(entry, peer);
        send();
        timer = clock.setTimer(waitMs, () => {
          if (TRACE) this.#modules.trace?.lost(entry, peer);
          finish();
          resolve(undefined);
        });
      });
      signal.addEventListener('abort', onAbort, { once: true });
      send();
    });
  }

  async #sendAndConfirm(peer: Peer, entry: Entry, signal: AbortSignal): Promise<ReplicaOutcome | undefined> {
    const message: Put = { op: 'put', entry };
    if (TRACE) this.#modules.trace?.inherit(message, entry);
    this.#modules.endpoint.send(message, peer.address);
    return await this.#confirm(peer, entry, signal);
  }

  async #overTcp(peer: Peer, entry: Entry, signal: AbortSignal): Promise<ReplicaOutcome> {
    const link = new ReplicaLink(peer, this.#options, this.#modules);
    const settled = new Promise<ReplicaOutcome>((settle) => link.offer({ entry, settle, settled: false }));
    await link.close(signal);
    const outcome = await settled;
    // "Sent" is said by nobody but ourselves; at the end of the connection it was read, not judged.
    if (outcome !== 'sent') return outcome;
    return (await this.#confirm(peer, entry, signal)) ?? 'unconfirmed';
  }

  /** Asks a peer whether it has the entry; undefined when it has not, or does not say. */
  async #confirm(peer: Peer, entry: Entry, signal: AbortSignal): Promise<ReplicaOutcome | undefined> {
    const { clock, verifier } = this.#modules;
    const { publicKey, key } = entry.dat;
    for (const afterMs of CONFIRM_AFTER_MS) {
      await sleep(clock, afterMs, signal);
      const question = { peer, publicKey, key };
      if (TRACE) this.#modules.trace?.inherit(question, entry);
      const said = await askOne(this.#modules, this.#requests, question, signal);
      if (said.answer !== 'found') continue;
      const order = compareVersions(said.entry.dat, entry.dat);
      if (order === 0) return 'stored';
      if (order > 0 && (await verifier.verify(said.entry.dat)).valid) return 'newer';
    }
    return undefined;
  }
}

/** Whether the peer has the entry now, or a newer one. */
function isPlaced(outcome: ReplicaOutcome): boolean {
  return outcome === 'stored' || outcome === 'already' || outcome === 'newer';
}

function hasRoomForRequestId(entry: Entry): boolean {
  return PUT_OVERHEAD + utf8Length(entry.dat.key) + entry.dat.value.length + REQUEST_ID_BYTES <= MAX_PACKET;
}
