// A toy Kademlia of 60 nodes in one process over the memory engine: values pushed to the closest, providers, churn, replication.
import { createHash } from 'node:crypto';
import { acceptAny, immutable, MemoryRecordStore, ttlByDistance, xorSha256 } from '@p2p/record-store';

const REPLICAS = 8;
const HOUR_MS = 3_600_000;
const sha256 = (bytes: Uint8Array | string): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
let nowMs = 1_800_000_000_000;

class Node {
  readonly id: Uint8Array;
  readonly address: string;
  readonly store: MemoryRecordStore;

  constructor(number: number) {
    this.id = sha256(`node ${number}`);
    this.address = `10.${number}.0.1:4001`;
    // Values under `/content/` must hash to their key; anything else is taken as it comes.
    const validators = { default: acceptAny(), namespaces: { '/content/': immutable({ prefix: '/content/' }) } };
    this.store = new MemoryRecordStore({ localId: this.id, validators, replication: REPLICAS, clock: { now: () => nowMs }, republish: { replicateMs: HOUR_MS } });
  }
}

let nodes = Array.from({ length: 60 }, (_, number) => new Node(number));
// A real Kademlia finds them step by step; who they are is the same.
const closest = (key: Uint8Array): Node[] => nodes.toSorted((one, other) => (xorSha256(key, one.id) < xorSha256(key, other.id) ? -1 : 1)).slice(0, REPLICAS);

/** Pushes a value to the closest nodes; each keeps it the shorter, the farther it is. */
async function push(from: Node, key: Uint8Array, value: Uint8Array): Promise<string[]> {
  const outcomes = await Promise.all(
    closest(key).map(async (node, closer) => {
      const expires = nowMs + ttlByDistance(48 * HOUR_MS, closer, REPLICAS);
      const result = await node.store.put({ key, value, expires }, node === from ? {} : { origin: from.address });
      return result.outcome === 'rejected' ? result.reason : result.outcome;
    }),
  );
  return outcomes;
}

const [author, reader] = [nodes[0]!, nodes[1]!];
const content = new TextEncoder().encode('hello, closest nodes');
const key = Uint8Array.of(...new TextEncoder().encode('/content/'), ...sha256(content));
console.log(`pushed: ${(await push(author, key, content)).join(', ')}`);
console.log(`forged: ${(await push(reader, key, new TextEncoder().encode('forged'))).join(', ')}`);

// Two nodes say that they have something big; a stranger asks the closest who has it.
const big = sha256('a film');
for (const provider of [author, reader]) {
  await provider.store.addProvider({ key: big, provider: provider.id, addresses: [provider.address] });
  for (const node of closest(big)) if (node !== provider) await node.store.addProvider({ key: big, provider: provider.id, addresses: [provider.address] }, { origin: provider.address });
}
const holders = await closest(big)[0]!.store.providers(big, { order: 'closest' });
console.log(`who has it: ${holders.map(({ addresses }) => addresses[0]).join(' and ')}`);

// Half of the nodes leave; an hour later those with the value push it to whoever is closest now.
nodes = nodes.filter((_, number) => number % 2 === 0);
const copies = async (): Promise<number> => (await Promise.all(closest(key).map(async ({ store }) => ((await store.get(key)) === undefined ? 0 : 1)))).reduce<number>((sum, one) => sum + one, 0);
console.log(`copies at the closest after half have left: ${await copies()} of ${REPLICAS}`);
nowMs += 2 * HOUR_MS;
let sent = 0;
for (const node of nodes) {
  for await (const item of node.store.due(nowMs)) {
    if (item.kind !== 'replicate') continue;
    sent += 1;
    await push(node, item.record.key, item.record.value);
  }
}
console.log(`copies after replication: ${await copies()} of ${REPLICAS}, sent by ${sent} node${sent === 1 ? '' : 's'}`);

// Nobody announces it any more: it is gone when its time is up.
nowMs += 49 * HOUR_MS;
const swept = await Promise.all(nodes.map(async ({ store }) => await store.sweep()));
console.log(`swept in the end: ${swept.reduce((sum, { records }) => sum + records, 0)} records`);
