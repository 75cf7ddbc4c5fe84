import * as fs from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { PrunePlan, type PruneCandidate } from '../../plan-prune.ts';
import { TREE_NAME } from '../../pointer.ts';
import type { PruneOptions, PruneReport } from '../../types.ts';
import { fsPath } from '../byte-path.ts';
import { errnoOf } from '../errno.ts';
import { step } from '../faults.ts';
import { SHARDS } from './layout.ts';
import type { Held } from './leases.ts';
import { readPlain } from './plain-file.ts';
import type { Found } from './pointers.ts';
import type { Store } from './store.ts';

/** Entries that one intent names: those who want one of them wait that long. */
const BATCH = 128;
/** Index directories that are read before other work gets its turn. */
const SHARDS_PER_TURN = 8;
/** A build that is older holds no lock file worth keeping. */
const OLD_LOCK_MS = 3_600_000;

interface Candidate extends PruneCandidate {
  readonly found: Found;
}

type Skipped = PruneReport['skipped'][number];

/** Evicts until the limits hold. */
export async function pruneStore(store: Store, options: PruneOptions): Promise<PruneReport> {
  store.pointers.flush();
  const candidates: Candidate[] = [];
  for (let at = 0; at < SHARDS.length; at += SHARDS_PER_TURN) {
    for (const shard of SHARDS.slice(at, at + SHARDS_PER_TURN)) {
      for (const id of store.pointers.hashesIn(shard)) {
        const found = store.pointers.read(id);
        if (typeof found !== 'object') continue;
        const { sizeBytes, allocatedBytes, sharedBytes, expiresAtMs, tags } = found.pointer;
        candidates.push({ id, sizeBytes, allocatedBytes: allocatedBytes - sharedBytes, accessedUs: found.accessedUs, expiresAtMs, tags, isPinned: false, found });
      }
    }
    await breathe();
  }
  const pins = new Set(fs.readdirSync(fsPath(store.layout.at('pins')), { encoding: 'latin1' }));
  const marked = candidates.map((candidate) => ({ ...candidate, isPinned: pins.has(candidate.id) }));
  const plan = new PrunePlan(marked, options, Date.now(), freeBytes(store));
  const work = new Pruning(store, plan, options.dryRun === true);
  try {
    await work.run(plan.order as Candidate[]);
    if (options.dryRun !== true) await work.sweep(new Set(marked.map(({ found }) => found.pointer.tree)));
  } finally {
    work.end();
  }
  return work.report;
}

class Pruning {
  readonly #store: Store;
  readonly #plan: PrunePlan;
  readonly #isDry: boolean;
  readonly #victims: PruneReport['victims'][number][] = [];
  readonly #skipped: Skipped[] = [];
  #freedBytes = 0;
  #lock: Awaited<ReturnType<Store['intents']['lock']>>;

  constructor(store: Store, plan: PrunePlan, isDry: boolean) {
    this.#store = store;
    this.#plan = plan;
    this.#isDry = isDry;
  }

  get report(): PruneReport {
    return {
      evicted: this.#isDry ? 0 : this.#victims.length,
      victims: this.#victims,
      freedBytes: this.#freedBytes,
      skipped: this.#skipped,
      limitsHold: this.#plan.limitsHold,
      dryRun: this.#isDry,
    };
  }

  /** Goes through the entries in batches; how many must go shows only as they do. */
  async run(order: readonly Candidate[]): Promise<void> {
    const held = this.#isDry ? await this.#store.leases.scan() : undefined;
    for (let at = 0; at < order.length; at += BATCH) {
      const batch = order.slice(at, at + BATCH);
      if (!batch.some((candidate) => this.#plan.reasonFor(candidate) !== undefined)) {
        // Times and limits only get kinder with later access, but for expiry.
        continue;
      }
      if (held !== undefined) {
        this.#evictBatch(batch, held);
        continue;
      }
      const names = batch.flatMap(({ id, found }) => [`k.${id}`, `t.${found.pointer.tree}`]);
      await this.#store.intents.withIntent(await this.#locked(), names, (held) => this.#evictBatch(batch, held));
    }
  }

  #evictBatch(batch: readonly Candidate[], held: Held): void {
    for (const candidate of batch) {
      const { id, found, sizeBytes } = candidate;
      const { key, tree } = found.pointer;
      const reason = this.#plan.reasonFor(candidate);
      if (reason === undefined) continue;
      const protection = reason === 'expired' ? undefined : this.#plan.protection(candidate);
      if (protection !== undefined || held.has(`k.${id}`) || held.has(`t.${tree}`)) {
        this.#skipped.push({ key, reason: protection ?? 'leased' });
        continue;
      }
      if (!this.#isDry) {
        // It was replaced or used since it was read: no longer the one to go.
        const now = this.#store.pointers.read(id);
        if (typeof now !== 'object' || now.pointer.tree !== tree || (now.accessedUs > found.accessedUs && reason !== 'expired')) continue;
        try {
          step('prune:before-pointer');
          // Another process invalidated it a moment before: gone, but not by us.
          if (!this.#store.pointers.remove(id)) continue;
          step('prune:pointer-removed');
          this.#store.removals.reclaim(tree, held);
        } catch (error) {
          this.#skipped.push({ key, reason: 'failed', code: errnoOf(error) ?? 'unknown' });
          continue;
        }
      }
      this.#plan.evicted(candidate);
      this.#freedBytes += candidate.allocatedBytes;
      this.#victims.push({ key, sizeBytes, reason });
    }
  }

  /** Trees that nothing leads to, such as those of processes that died after replacing a key, and old lock files. */
  async sweep(wanted: ReadonlySet<string>): Promise<number> {
    const orphans: string[] = [];
    for (const shard of SHARDS) {
      for (const name of fs.readdirSync(fsPath(this.#store.layout.at('trees', shard)), { encoding: 'latin1' })) {
        if (TREE_NAME.test(name) && !wanted.has(name)) orphans.push(name);
      }
    }
    let count = 0;
    for (let at = 0; at < orphans.length; at += BATCH) {
      const batch = orphans.slice(at, at + BATCH);
      await this.#store.intents.withIntent(await this.#locked(), batch.map((tree) => `t.${tree}`), (held) => {
        for (const tree of batch) if (this.#store.removals.reclaim(tree, held)) count++;
      });
    }
    if (this.#lock !== undefined) dropOldLocks(this.#store);
    return count;
  }

  end(): void {
    this.#lock?.release();
    this.#store.onTrash();
  }

  async #locked(): Promise<NonNullable<Awaited<ReturnType<Store['intents']['lock']>>>> {
    this.#lock ??= await this.#store.intents.lock(true);
    if (this.#lock === undefined) throw new Error('a patient lock came back without one');
    return this.#lock;
  }
}

function dropOldLocks(store: Store): void {
  for (const name of fs.readdirSync(fsPath(store.layout.at('locks')), { encoding: 'latin1' })) {
    if (!name.startsWith('build-')) continue;
    const path = fsPath(store.layout.at('locks', name));
    const stat = fs.lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined || Date.now() - stat.mtimeMs < OLD_LOCK_MS) continue;
    if (readPlain(store.layout.at('locks', name), 'latin1')?.startsWith('free') === true) fs.rmSync(path, { force: true });
  }
}

function freeBytes(store: Store): number {
  const { bavail, bsize } = fs.statfsSync(fsPath(store.layout.root));
  return bavail * bsize;
}
