import type { BootstrapCache, QualityParts } from '@p2p/bootstrap-cache';

/** A peer of this or an earlier run, as `dave peers ls` shows it. */
export interface RememberedPeer {
  publicKey: string;
  address: string;
  /** In [0, 1]: how gladly it is tried first, and what that is made of. */
  score: number;
  parts: QualityParts;
  successes: number;
  failures: number;
  rttMs: number | null;
  /** Unix ms. */
  lastSeenAt: number;
  /** Unix ms until which it is not tried while others are left; null when it may be. */
  retryAt: number | null;
}

/** All that is remembered, best first. */
export function rememberedPeers(memory: Pick<BootstrapCache, 'all'>): RememberedPeer[] {
  return [...memory.all()]
    .map((peer) => ({
      publicKey: peer.id,
      address: peer.addresses[0] ?? '',
      score: peer.quality,
      parts: peer.qualityParts,
      successes: peer.stats.successes,
      failures: peer.stats.failures,
      rttMs: peer.stats.rttMs ?? null,
      lastSeenAt: peer.lastSeenAt,
      retryAt: peer.retryAt ?? null,
    }))
    .toSorted((a, b) => b.score - a.score);
}

const hundredths = (value: number): string => value.toFixed(2);

/** As a person reads it. */
export function renderRememberedPeers(peers: readonly RememberedPeer[]): string {
  if (peers.length === 0) return 'no peers are remembered yet\n';
  const header = `${'score'.padEnd(7)}${'success'.padEnd(9)}${'rtt'.padEnd(6)}${'fresh'.padEnd(7)}${'able'.padEnd(6)}${'dials'.padEnd(11)}${'rtt ms'.padEnd(9)}public key        address`;
  const lines = peers.map(({ score, parts, successes, failures, rttMs, publicKey, address, retryAt }) =>
    [
      hundredths(score).padEnd(7),
      hundredths(parts.success).padEnd(9),
      hundredths(parts.rtt).padEnd(6),
      hundredths(parts.freshness).padEnd(7),
      hundredths(parts.capabilities).padEnd(6),
      `${successes}/${successes + failures}`.padEnd(11),
      (rttMs === null ? '–' : rttMs.toFixed(2)).padEnd(9),
      `${publicKey.slice(0, 16)}  ${address}${retryAt === null ? '' : `  not before ${new Date(retryAt).toISOString()}`}`,
    ].join(''),
  );
  return `${[header, ...lines].join('\n')}\n`;
}
