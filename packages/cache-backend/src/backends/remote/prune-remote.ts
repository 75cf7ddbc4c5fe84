import { type PruneCandidate, PrunePlan } from '../../plan-prune.ts';
import type { PruneOptions, PruneReport } from '../../types.ts';
import type { BlobStore } from './blob-store.ts';
import type { IndexEntry, RemoteIndex } from './remote-index.ts';

interface Candidate extends PruneCandidate {
  readonly entry: IndexEntry;
}

/** Evicts least recently accessed entries until the limits hold. */
export async function pruneRemote(index: RemoteIndex, blobs: BlobStore, options: PruneOptions): Promise<PruneReport> {
  const { signal } = options;
  const candidates: Candidate[] = [];
  for await (const entry of index.list(signal)) {
    if ('corrupt' in entry) continue;
    const { sizeBytes, expiresAtMs, tags } = entry.pointer;
    candidates.push({ id: entry.hash, sizeBytes, allocatedBytes: sizeBytes, accessedUs: entry.accessedUs, expiresAtMs, tags, isPinned: entry.isPinned, entry });
  }
  const free = options.minFreeBytes === undefined ? Infinity : ((await blobs.freeBytes?.()) ?? Infinity);
  const plan = new PrunePlan(candidates, options, await index.nowMs(), free);
  const isDry = options.dryRun === true;
  const leased = isDry ? await index.leasedTrees() : new Set<string>();
  const victims: PruneReport['victims'][number][] = [];
  const skipped: PruneReport['skipped'][number][] = [];
  let freedBytes = 0;
  for (const candidate of plan.order as readonly Candidate[]) {
    signal?.throwIfAborted();
    const reason = plan.reasonFor(candidate);
    if (reason === undefined) continue;
    const { entry, sizeBytes } = candidate;
    const { key, tree } = entry.pointer;
    const protection = reason === 'expired' ? undefined : plan.protection(candidate);
    if (protection !== undefined || leased.has(tree)) {
      skipped.push({ key, reason: protection ?? 'leased' });
      continue;
    }
    const outcome = isDry ? 'evicted' : await index.evict(entry);
    if (outcome === 'leased') skipped.push({ key, reason: 'leased' });
    if (outcome !== 'evicted') continue;
    plan.evicted(candidate);
    freedBytes += sizeBytes;
    victims.push({ key, sizeBytes, reason });
  }
  return { evicted: isDry ? 0 : victims.length, victims, freedBytes, skipped, limitsHold: plan.limitsHold, dryRun: isDry };
}
