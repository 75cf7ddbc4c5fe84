import type { CacheStats, PruneReport } from '@p2p/cache-backend';
import type { TieredEntry } from '../cache/cache-tiers.ts';
import { formatByteSize } from '../config/byte-size.ts';
import { shownText } from '../publish/core/names.ts';

// Keys and descriptions in a shared cache are whatever somebody put there.

/** @param withTiers say where each tree is */
export function renderEntries(entries: readonly TieredEntry[], withTiers: boolean): string {
  if (entries.length === 0) return 'the cache is empty\n';
  return entries
    .map(({ entry: { key, description, sizeBytes, lastAccessedMs, pinned }, tiers }) => {
      const where = withTiers ? `  ${tiers.join('+').padEnd(11)}` : '';
      return `${formatByteSize(sizeBytes).padStart(10)}  ${new Date(lastAccessedMs).toISOString()}${where}  ${shownText(description)}${pinned === true ? '  pinned' : ''}\n${' '.repeat(12)}${shownText(key)}\n`;
    })
    .join('');
}

export function renderStats({ entryCount, totalBytes, allocatedBytes, sharedBytes }: CacheStats): string {
  const disk = allocatedBytes === undefined ? '' : `on disk     ${formatByteSize(allocatedBytes)}${sharedBytes === undefined ? '' : `, ${formatByteSize(sharedBytes)} of it shared by several trees`}\n`;
  return `trees       ${entryCount}\nsize        ${formatByteSize(totalBytes)}\n${disk}`;
}

export function renderReport({ evicted, victims, freedBytes, skipped, limitsHold, dryRun }: PruneReport): string {
  const lines = victims.map(({ key, sizeBytes, reason }) => `${formatByteSize(sizeBytes).padStart(10)}  ${reason.padEnd(11)}  ${shownText(key)}`);
  lines.push(`${dryRun ? victims.length : evicted} trees ${dryRun ? 'would be ' : ''}removed, ${formatByteSize(freedBytes)} freed${skipped.length === 0 ? '' : `, ${skipped.length} in use or kept`}${limitsHold ? '' : '; the limits do not hold all the same'}`);
  return `${lines.join('\n')}\n`;
}

export function renderProblem({ key, problem }: { key: string; problem: string }): string {
  return `${shownText(key)}: ${shownText(problem)}\n`;
}
