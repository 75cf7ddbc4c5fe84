// A thousand values of one author, over TCP to every replica, with back-pressure; read back by somebody else.
import { DaveNode } from '@p2p/dave-node';
import { createDat, formatAddrPort, generateKeyPair, type Dat } from '@p2p/dave-wire';

const COUNT = 1000;
const listen = '127.0.0.1:0';
const nodes: DaveNode[] = [];
try {
  for (let count = 0; count < 3; count++) nodes.push(await DaveNode.open({ privateKey: generateKeyPair().privateKey, listen }));
  const edges = nodes.map((node) => formatAddrPort(node.listenAddress));
  // A client holds nothing for others: all of this ends up on the three.
  const client = await DaveNode.open({ privateKey: generateKeyPair().privateKey, listen, edges, mode: 'client' });
  nodes.push(client);
  await client.waitForActivePeers(3, { timeoutMs: 20_000 });

  const author = generateKeyPair();
  async function* dats(): AsyncGenerator<Dat> {
    for (let index = 0; index < COUNT; index++) {
      yield await createDat({ privateKey: author.privateKey, key: `item/${index}`, value: new TextEncoder().encode(`value ${index}`) });
    }
  }

  const startedMs = performance.now();
  await using writer = client.batchWriter(author.publicKey, { signal: AbortSignal.timeout(60_000) });
  await ReadableStream.from(dats()).pipeTo(writer.writable);
  const report = await writer.close();
  console.log(`${report.acked} of ${report.written} dats confirmed by ${report.replicas.length} replicas in ${Math.round(performance.now() - startedMs)} ms`);
  for (const { outcomes } of report.replicas) console.log(`  a replica stored ${outcomes.stored}`);
  if (report.acked !== COUNT) throw new Error(`${COUNT - report.acked} dats are not confirmed`);

  const last = await client.get(author.publicKey, `item/${COUNT - 1}`);
  console.log(last.found ? `read back '${new TextDecoder().decode(last.entry.dat.value)}'` : 'lost');
} finally {
  await Promise.all(nodes.map((node) => node.close()));
}
