// A program: a small network on virtual time, from the built package, whose every packet is printed in hex, one a
// line. What is random is seeded, so two runs differ only where the builds do. `--traced`: with a log.
import { decodeMessage, encodeMessage, keyPairFromSeed, messageSize, type Dat, type Message } from '@p2p/dave-wire';
import { DaveNode } from '@p2p/dave-node';
import { MemoryNetwork, SeededRandom, VirtualClock } from '@p2p/testkit';
import { createEventLog, TRACE } from '@p2p/trace';

const log = process.argv.includes('--traced') ? createEventLog({ strict: true }) : undefined;
/** PUTs with the dats to write, in hex. */
const dats: Dat[] = process.argv.filter((argument) => /^[0-9a-f]{200,}$/.test(argument)).map((hex) => {
  const message = decodeMessage(Uint8Array.from(Buffer.from(hex, 'hex')));
  if (message.op !== 'put') throw new TypeError('give PUTs');
  return message.entry.dat;
});

const clock = new VirtualClock({ startUnixMs: 1_900_000_000_000 });
const random = new SeededRandom('packets');
const lines: string[] = [];
const network = new MemoryNetwork<Message>({
  clock,
  random: random.fork('network'),
  sizeOf: messageSize,
  link: { latencyMs: () => 20 },
  observe: ({ kind, message, from, to }) => {
    if (kind === 'sent') lines.push(`${from.address} ${to.address} ${message.op} ${Buffer.from(encodeMessage(message)).toString('hex')}`);
  },
});

/** Lets what is underway go on while time passes. */
async function until<T>(work: Promise<T>): Promise<T> {
  const ended = new AbortController();
  const settled = work.finally(() => ended.abort());
  settled.catch(() => undefined);
  while (!ended.signal.aborted) await clock.advance(10);
  return await settled;
}

const nodes: DaveNode[] = [];
for (let index = 0; index < 3; index += 1) {
  nodes.push(
    await until(
      DaveNode.open({
        privateKey: keyPairFromSeed(new Uint8Array(32).fill(index + 1)).privateKey,
        listen: '[::]:4127',
        edges: index === 0 ? [] : ['192.0.2.1:4127'],
        transport: network.host(`192.0.2.${index + 1}`),
        clock,
        random: random.fork(`node ${index}`),
        verifyThreads: 0,
        ...(log === undefined ? {} : { traceLog: log }),
      }),
    ),
  );
}
const [first, , last] = nodes;
if (first === undefined || last === undefined) throw new Error('no nodes');
await until(Promise.all(nodes.map((node) => node.waitForActivePeers(2, { timeoutMs: 60_000 }))));
for (const dat of dats) await until(first.putDat(dat, { minAcks: 3 }));
for (const dat of dats) await until(last.get(dat.publicKey, dat.key, { mode: 'latest' }));
await until(last.get(last.publicKey, 'nowhere', { timeoutMs: 1000 }));
await until(Promise.all(nodes.map((node) => node.close())));
process.stdout.write(`${JSON.stringify({ traced: TRACE, events: log?.stats.written ?? 0, lines })}\n`);
