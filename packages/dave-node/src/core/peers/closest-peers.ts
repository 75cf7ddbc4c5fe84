import type { PeerRecord } from './peer-record.ts';

/**
 * The `limit` records closest to `target` by XOR distance, closest first. Clients are left out: no
 * data is placed on them. Ids are compared as two 32-bit halves, since a bigint per peer and call is
 * most of the cost of the obvious form.
 */
export function closestPeers(records: readonly PeerRecord[], target: bigint, limit: number): PeerRecord[] {
  const targetHigh = Number((target >> 32n) & 0xffff_ffffn);
  const targetLow = Number(target & 0xffff_ffffn);
  const best: { record: PeerRecord; high: number; low: number }[] = [];
  if (!(limit > 0)) return [];
  for (const record of records) {
    const high = (record.idHigh ^ targetHigh) >>> 0;
    const low = (record.idLow ^ targetLow) >>> 0;
    const worst = best.length < limit ? undefined : best[limit - 1]!;
    if (worst !== undefined && !isCloser(high, low, worst)) continue;
    if (record.client) continue;
    let at = best.length < limit ? best.length : limit - 1;
    for (; at > 0 && isCloser(high, low, best[at - 1]!); at--) best[at] = best[at - 1]!;
    best[at] = { record, high, low };
  }
  return best.map(({ record }) => record);
}

function isCloser(high: number, low: number, than: { high: number; low: number }): boolean {
  return high < than.high || (high === than.high && low < than.low);
}
