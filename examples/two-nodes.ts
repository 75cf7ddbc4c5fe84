// Two nodes on loopback keep a value; a client that holds nothing reads it.
import { DaveNode } from '@p2p/dave-node';
import { formatAddrPort, generateKeyPair } from '@p2p/dave-wire';

const newKey = (): Uint8Array => generateKeyPair().privateKey;
const listen = '127.0.0.1:0';
const first = await DaveNode.open({ privateKey: newKey(), listen });
const edges = [formatAddrPort(first.listenAddress)];
const second = await DaveNode.open({ privateKey: newKey(), listen, edges });
const client = await DaveNode.open({ privateKey: newKey(), listen, edges, mode: 'client' });
try {
  first.on('stored', ({ dat, source }) => console.log(`first stored '${dat.key}', which came over ${source}`));
  await second.waitForActivePeers(1, { timeoutMs: 10_000 });

  const put = await second.put('greeting', new TextEncoder().encode('hello'), { minAcks: 2 });
  console.log(`${put.acks} replicas have it: ${put.replicas.map(({ outcome }) => outcome).join(', ')}`);

  const result = await client.get(second.publicKey, 'greeting');
  if (!result.found) throw new Error(`not found: ${result.answered} of ${result.asked} peers answered`);
  console.log(`the client reads '${new TextDecoder().decode(result.entry.dat.value)}' from ${result.source === first.id ? 'first' : result.source}`);
} finally {
  await Promise.all([client, second, first].map((node) => node.close()));
}
