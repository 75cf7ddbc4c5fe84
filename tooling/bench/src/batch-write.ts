import { DaveNode } from '@p2p/dave-node';
import { createDat, generateKeyPair, type KeyPair } from '@p2p/dave-wire';
import { SubjectProcess } from './subject-process.ts';

const VALUE_BYTES = 19;
const IN_FLIGHT = 512;

/** Written before the clock starts: a node runs for weeks, its first second of compiling is not what is asked. */
const WARM_UP_DATS = 5000;

/**
 * Dats per second that one of our nodes signs, proves (8 bits), stores and sends to another process,
 * until that one has verified and acknowledged all of them.
 */
export async function ourBatchWrite(count: number): Promise<number> {
  await using receiver = await SubjectProcess.start();
  const keyPair = generateKeyPair();
  await using writer = await DaveNode.open({ privateKey: keyPair.privateKey, listen: '[::1]:0', edges: [receiver.address], shardCapacityBytes: 4 * 1024 * 1024 });
  await writer.waitForActivePeers(1);
  await writeBatch(writer, keyPair, 'warm-up', WARM_UP_DATS);
  const startedMs = performance.now();
  await writeBatch(writer, keyPair, 'batch', count);
  const elapsedSeconds = (performance.now() - startedMs) / 1000;
  // An acknowledgement is a claim of the code under test: read some back from the receiver itself.
  const reader = await DaveNode.open({ privateKey: generateKeyPair().privateKey, listen: '[::1]:0', mode: 'client', edges: [receiver.address] });
  try {
    await reader.waitForActivePeers(1);
    for (let index = 0; index < count; index += Math.ceil(count / 200)) {
      const result = await reader.get(keyPair.publicKey, `batch-${index}`);
      if (!result.found) throw new Error(`batch-${index} was acknowledged and is not there`);
    }
  } finally {
    await reader.close();
  }
  return count / elapsedSeconds;
}

async function writeBatch(writer: DaveNode, keyPair: KeyPair, prefix: string, count: number): Promise<void> {
  const value = new Uint8Array(VALUE_BYTES).fill(0x78);
  // The dats are made here: verifying them again would measure what the Go writer does not do either.
  const batch = writer.batchWriter(keyPair.publicKey, { trusted: true });
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await batch.write(await createDat({ privateKey: keyPair.privateKey, key: `${prefix}-${index}`, value }));
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const report = await batch.close();
  if (report.failed > 0) throw new Error(`${report.failed} of ${count} dats were not stored`);
}
