import type { AddrPort, Dat } from '@p2p/dave-wire';
import type { Peer } from './core/peers/peer.ts';

/** Where an entry came from. */
export type StoredSource = 'local' | 'udp' | 'tcp' | 'get' | 'records' | 'import';

/** Every event of a node and what its listeners get. */
export interface NodeEvents {
  'peer-active': { peer: Peer };
  'peer-inactive': { peer: Peer };
  'peer-dropped': { peer: Peer };
  'address-learned': { address: AddrPort };
  stored: { dat: Dat; outcome: 'inserted' | 'updated'; source: StoredSource };
  evicted: { dat: Dat; reason: 'capacity' | 'expired' };
  /** Data was sent to a replica that lacked it. */
  replicated: { dat: Dat; to: Peer };
  /** A replica that answered with an older dat was sent the newer one. */
  repaired: { dat: Dat; to: Peer };
  /** A storage challenge to a peer ended. */
  challenge: { peer: Peer; passed: boolean };
  /** Something was refused or dropped to stay within a bound. */
  shed: { what: 'packet' | 'put' | 'get' | 'connection' | 'candidate'; reason: string };
  /** Something failed in the background that no caller waits for. */
  error: { error: Error };
}

type Listener<T> = (event: T) => void;

/** Every type of event; the type says whether one is missing. */
const TYPES: Readonly<Record<keyof NodeEvents, true>> = {
  'peer-active': true,
  'peer-inactive': true,
  'peer-dropped': true,
  'address-learned': true,
  stored: true,
  evicted: true,
  replicated: true,
  repaired: true,
  challenge: true,
  shed: true,
  error: true,
};

/** Typed events: the one shape that every package here uses. A listener that throws does not stop the others; its error goes to `error`. */
export class NodeEmitter {
  readonly #listeners = new Map<keyof NodeEvents, Set<Listener<never>>>();

  on<K extends keyof NodeEvents>(
    type: K,
    listener: Listener<NodeEvents[K]>,
    options?: { signal?: AbortSignal },
  ): Disposable {
    if (!Object.hasOwn(TYPES, type)) throw new TypeError(`there is no event '${type}'; there are ${Object.keys(TYPES).join(', ')}`);
    if (typeof listener !== 'function') throw new TypeError(`a listener for '${type}' must be a function`);
    const signal = options?.signal;
    if (signal?.aborted) return { [Symbol.dispose]: (): void => {} };
    let set = this.#listeners.get(type);
    if (set === undefined) this.#listeners.set(type, (set = new Set()));
    // A wrapper, so that the same function may listen twice and each is disposed of by itself.
    const own: Listener<NodeEvents[K]> = (event) => listener(event);
    const added = set;
    added.add(own);
    const dispose = (): void => {
      added.delete(own);
      signal?.removeEventListener('abort', dispose);
    };
    signal?.addEventListener('abort', dispose, { once: true });
    return { [Symbol.dispose]: dispose };
  }

  /** True when somebody listens: lets hot paths skip building the event. */
  has(type: keyof NodeEvents): boolean {
    return (this.#listeners.get(type)?.size ?? 0) > 0;
  }

  emit<K extends keyof NodeEvents>(type: K, event: NodeEvents[K]): void {
    const set = this.#listeners.get(type);
    if (set === undefined) return;
    for (const listener of set) {
      try {
        (listener as Listener<NodeEvents[K]>)(event);
      } catch (error) {
        if (type !== 'error') this.emit('error', { error: error as Error });
      }
    }
  }
}
