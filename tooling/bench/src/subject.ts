// A node in a process of its own: prints one JSON line when it listens, ends with its stdin.
// Usage: subject.ts [edge]
import { DaveNode } from '@p2p/dave-node';
import { formatAddrPort, generateKeyPair } from '@p2p/dave-wire';

const edge = process.argv[2];
const node = await DaveNode.open({
  privateKey: generateKeyPair().privateKey,
  listen: '[::1]:0',
  edges: edge === undefined ? [] : [edge],
  shardCapacityBytes: 4 * 1024 * 1024,
});
console.log(JSON.stringify({ address: formatAddrPort(node.listenAddress) }));
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('end', resolve));
await node.close();
