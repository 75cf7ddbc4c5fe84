import { DaveNode } from '@p2p/dave-node';
import { generateKeyPair } from '@p2p/dave-wire';
import { quantile } from './statistics.ts';
import { SubjectProcess } from './subject-process.ts';

/** Milliseconds that a get from a replica in another process takes, one at a time, on an unloaded machine. */
export async function getLatencyMs(count: number): Promise<{ p50: number; p99: number }> {
  await using replica = await SubjectProcess.start();
  const keyPair = generateKeyPair();
  const writer = await DaveNode.open({ privateKey: keyPair.privateKey, listen: '[::1]:0', edges: [replica.address] });
  const keys = Array.from({ length: count }, (_, index) => `latency-${index}`);
  try {
    await writer.waitForActivePeers(1);
    for (const key of keys) await writer.put(key, new Uint8Array(19), { minAcks: 2 });
  } finally {
    await writer.close();
  }
  // A client without capacity keeps no copy, so every get asks the replica; each key is read once.
  await using reader = await DaveNode.open({ privateKey: generateKeyPair().privateKey, listen: '[::1]:0', mode: 'client', edges: [replica.address] });
  await reader.waitForActivePeers(1);
  const times: number[] = [];
  for (const key of keys) {
    const startedMs = performance.now();
    const result = await reader.get(keyPair.publicKey, key);
    const elapsedMs = performance.now() - startedMs;
    if (!result.found || result.source === 'local') throw new Error(`${key} did not come from the replica`);
    times.push(elapsedMs);
  }
  const warm = times.slice(Math.floor(count / 10));
  return { p50: quantile(warm, 0.5), p99: quantile(warm, 0.99) };
}
