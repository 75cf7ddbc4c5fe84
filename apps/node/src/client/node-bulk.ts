import type { DaveNode } from '@p2p/dave-node';
import { FANOUT } from '@p2p/dave-wire';
import type { BulkReader, BulkWriter } from './bulk.ts';

/** Many dats through a node in this process. `trusted`: the dats were made here, so they are not verified again. */
export function nodeWriter(node: DaveNode, publicKey: Uint8Array, options: { signal: AbortSignal; trusted: boolean }): BulkWriter {
  const batch = node.batchWriter(publicKey, options);
  return {
    async write(dat) {
      const { local, replicas, acks } = await batch.write(dat);
      // A node counts itself among the closest five, so it is one of them exactly where fewer others are.
      const isReplica = node.mode === 'peer' && replicas.length < FANOUT;
      const own = isReplica && (local === 'stored' || local === 'already') ? 1 : 0;
      return { acks: acks + own, replicas: replicas.length + (isReplica ? 1 : 0) };
    },
    async [Symbol.asyncDispose]() {
      await batch.close().catch((error: unknown) => {
        if (!options.signal.aborted) throw error;
      });
    },
  };
}

export function nodeReader(node: DaveNode, publicKey: Uint8Array, options: { timeoutMs: number; signal: AbortSignal }): BulkReader {
  return {
    async read(key) {
      // Thousands after each other: the others are asked only where one does not do.
      const result = await node.get(publicKey, key, { ...options, ask: 'hedged' });
      return result.found ? { found: true, dat: result.entry.dat } : result;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
