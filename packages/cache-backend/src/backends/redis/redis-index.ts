import { setTimeout as sleep } from 'node:timers/promises';
import { CacheError } from '../../errors.ts';
import { formatPointer, type Pointer } from '../../pointer.ts';
import { sha256 } from '../../io/tree/copy-bytes.ts';
import type { BuildTurn, IndexEntry, Lookup, RemoteIndex, RemovalGate, TreeLease } from '../remote/remote-index.ts';
import type { Commands, Reply, Script } from './commands.ts';
import { parseValue, versionOf } from './redis-entry.ts';
import { BUILD, BUILD_RENEW, EPOCH, EVICT, FIND, IN_USE, keysOf, LEASE, NOW, PIN, POINT, RELEASE, REMOVE, RENEW, SWEEP, TURN, TURN_END } from './scripts.ts';

/** A turn of removals lasts no longer, and stops in time before that. */
const TURN_MS = 30_000;
const TURN_MARGIN_MS = 5_000;
const EPOCH_POLL_MS = 20;
const SCAN_COUNT = '500';
const HEX64 = /^[0-9a-f]{64}$/;

class RedisLease implements TreeLease {
  readonly token: string;
  readonly member: string;
  #give: (() => Promise<void>) | undefined;

  constructor(tree: string, token: string, give: (lease: RedisLease) => Promise<void>) {
    this.token = token;
    this.member = `${tree}:${token}`;
    this.#give = () => give(this);
  }

  async release(): Promise<void> {
    const give = this.#give;
    this.#give = undefined;
    await give?.();
  }
}

/** The shared index in Redis. Every decision is one script on the server, by the server's clock. */
export class RedisIndex implements RemoteIndex {
  readonly hasLeases = true;
  readonly gate: RemovalGate;
  readonly #commands: Commands;
  readonly #keys: readonly string[];
  readonly #leaseMs: number;
  readonly #leases = new Map<string, RedisLease>();
  readonly #builds = new Map<string, string>();
  readonly #onBackground: (error: unknown) => void;
  readonly #renewing: ReturnType<typeof setInterval>;

  constructor(commands: Commands, namespace: string, leaseMs: number, onBackground: (error: unknown) => void) {
    this.#commands = commands;
    this.#keys = keysOf(namespace);
    this.#leaseMs = leaseMs;
    this.#onBackground = onBackground;
    this.#renewing = setInterval(() => void this.renew().catch(onBackground), leaseMs / 3);
    this.#renewing.unref();
    this.gate = { epoch: (signal) => this.#epoch(signal), turn: (fn) => this.#turn(fn) };
  }

  async find(hash: string): Promise<Lookup> {
    const reply = await this.#run(FIND, hash, this.#leaseMs);
    if (reply === null || reply === undefined) return undefined;
    const [state, value, at, token, pinned] = rowOf(reply);
    const text = String(value);
    const pointer = state === 'found' ? parseValue(hash, text) : undefined;
    if (pointer === undefined) {
      const tree = / ([0-9a-f]{64}) /.exec(text)?.[1];
      if (state === 'found' && tree !== undefined) await this.#run(RELEASE, `${tree}:${String(token)}`);
      return { corrupt: 'its index entry is damaged', version: versionOf(text) };
    }
    return { found: { hash, pointer, version: versionOf(text), accessedUs: Number(at), isPinned: Number(pinned) === 1 }, lease: this.#newLease(pointer.tree, String(token)) };
  }

  async leaseTree(tree: string): Promise<TreeLease> {
    return this.#newLease(tree, String(await this.#run(LEASE, tree, this.#leaseMs)));
  }

  async point(hash: string, pointer: Pointer, { ifAbsent, lease }: { ifAbsent: boolean; lease: TreeLease }): Promise<IndexEntry | undefined> {
    const build = this.#builds.get(hash) ?? '';
    const reply = await this.#run(POINT, hash, `${pointer.tree}:${lease.token}`, pointer.expiresAtMs ?? 0, pointer.tree, formatPointer(pointer, sha256), ifAbsent ? 1 : 0, build);
    const [state, value, at, pinned] = rowOf(reply);
    if (state === 'exists') return undefined;
    if (state === 'lost') throw new CacheError('CACHE_LEASE_LOST', `the lease on the tree ended before it was stored: it was not renewed for ${this.#leaseMs} ms. Put it again`);
    if (state === 'build-lost') throw new CacheError('CACHE_LEASE_LOST', `the right to build this key ended: it was not renewed for ${this.#leaseMs} ms, and another one may build it`);
    return { hash, pointer, version: versionOf(String(value)), accessedUs: Number(at), isPinned: Number(pinned) === 1 };
  }

  async remove(hash: string, version?: string): Promise<boolean> {
    return (await this.#run(REMOVE, hash, version ?? '')) === 1;
  }

  async evict(entry: IndexEntry): Promise<'evicted' | 'leased' | 'changed'> {
    return (await this.#run(EVICT, entry.hash, entry.version, entry.accessedUs)) as 'evicted' | 'leased' | 'changed';
  }

  async leasedTrees(): Promise<ReadonlySet<string>> {
    return new Set(rowOf(await this.#run(IN_USE)).map(String).filter((tree) => HEX64.test(tree)));
  }

  async *list(signal?: AbortSignal): AsyncGenerator<IndexEntry | { corrupt: string; hash: string; version: string }> {
    const [entries = '', access = '', , , pins = ''] = this.#keys;
    // A scan may give a field twice while the hash grows.
    const seen = new Set<string>();
    let cursor = '0';
    do {
      signal?.throwIfAborted();
      const [next, fields] = rowOf(await this.#commands.send(['HSCAN', entries, cursor, 'COUNT', SCAN_COUNT], entries));
      cursor = String(next);
      const found = new Map<string, string>();
      const flat = rowOf(fields).map(String);
      for (let at = 0; at + 1 < flat.length; at += 2) {
        const [hash = '', value = ''] = flat.slice(at, at + 2);
        if (!seen.has(hash)) found.set(hash, value);
        seen.add(hash);
      }
      if (found.size === 0) continue;
      const hashes = Array.from(found.keys());
      const scores = rowOf(await this.#commands.send(['ZMSCORE', access, ...hashes], access));
      const pinned = rowOf(await this.#commands.send(['SMISMEMBER', pins, ...hashes], pins));
      for (const [index, hash] of hashes.entries()) {
        const value = found.get(hash) ?? '';
        const pointer = parseValue(hash, value);
        const version = versionOf(value);
        if (pointer === undefined) yield { corrupt: 'its index entry is damaged', hash, version };
        else yield { hash, pointer, version, accessedUs: Number(scores[index] ?? 0), isPinned: Number(pinned[index]) === 1 };
      }
    } while (cursor !== '0');
  }

  async pin(hash: string): Promise<boolean> {
    return (await this.#run(PIN, hash)) === 1;
  }

  async unpin(hash: string): Promise<boolean> {
    const pins = this.#keys[4] ?? '';
    return (await this.#commands.send(['SREM', pins, hash], pins)) === 1;
  }

  async tryBuild(hash: string): Promise<BuildTurn | undefined> {
    const reply = await this.#run(BUILD, hash, this.#leaseMs);
    if (reply === null || reply === undefined) return undefined;
    const token = String(reply);
    this.#builds.set(hash, token);
    return {
      release: async () => {
        if (this.#builds.get(hash) !== token) return;
        this.#builds.delete(hash);
        await this.#run(BUILD_RENEW, hash, token, 0).catch(this.#onBackground);
      },
    };
  }

  async nowMs(): Promise<number> {
    return Number(await this.#run(NOW));
  }

  async sweep(): Promise<void> {
    await this.#run(SWEEP);
  }

  /** Renews what this instance holds. What is lost stays lost: who needs it is told when it counts. */
  async renew(): Promise<void> {
    const members = Array.from(this.#leases.keys());
    for (let at = 0; at < members.length; at += 1000) {
      for (const lost of rowOf(await this.#run(RENEW, this.#leaseMs, ...members.slice(at, at + 1000)))) {
        // Released meanwhile, or ended: only the latter is news.
        if (this.#leases.delete(String(lost))) this.#onBackground(new CacheError('CACHE_LEASE_LOST', 'a lease on a tree ended, as it was not renewed in time'));
      }
    }
    for (const [hash, token] of this.#builds) {
      if ((await this.#run(BUILD_RENEW, hash, token, this.#leaseMs)) !== 1 && this.#builds.get(hash) === token) this.#onBackground(new CacheError('CACHE_LEASE_LOST', 'a right to build ended, as it was not renewed in time'));
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#renewing);
    for (const lease of Array.from(this.#leases.values())) await lease.release();
    for (const [hash, token] of Array.from(this.#builds)) await this.#run(BUILD_RENEW, hash, token, 0).catch(this.#onBackground);
  }

  async #epoch(signal: AbortSignal | undefined): Promise<string> {
    for (;;) {
      const reply = await this.#run(EPOCH);
      if (reply !== null && reply !== undefined) return String(reply);
      await sleep(EPOCH_POLL_MS, undefined, signal === undefined ? {} : { signal });
    }
  }

  async #turn(fn: (isMine: () => boolean) => Promise<void>): Promise<boolean> {
    // The server's turn begins later than this, so it ends later too.
    const deadline = performance.now() + TURN_MS - TURN_MARGIN_MS;
    const token = await this.#run(TURN, TURN_MS);
    if (token === null || token === undefined) return false;
    try {
      await fn(() => performance.now() < deadline);
    } finally {
      await this.#run(TURN_END, String(token));
    }
    return true;
  }

  #newLease(tree: string, token: string): RedisLease {
    const lease = new RedisLease(tree, token, async ({ member }) => {
      this.#leases.delete(member);
      // With the server away it ends by itself: no caller's work fails for that.
      await this.#run(RELEASE, member).catch(this.#onBackground);
    });
    this.#leases.set(lease.member, lease);
    return lease;
  }

  #run(what: Script, ...args: (string | number)[]): Promise<Reply> {
    return this.#commands.run(what, this.#keys, args);
  }
}

function rowOf(reply: Reply): readonly Reply[] {
  if (Array.isArray(reply)) return reply as readonly Reply[];
  throw new CacheError('CACHE_REMOTE', `Redis answered something else than a list: ${String(reply).slice(0, 100)}`);
}
