import type { AddrPort, Dat, Extensions, Message, PutAckCode } from '../../src/api.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Text of every length of UTF-8 sequence, at most 255 bytes. */
function randomKey(random: SeededRandom): string {
  const points = random.below(random.chance(8) ? 63 : 20);
  let key = '';
  for (let count = 0; count < points; count += 1) {
    key += String.fromCodePoint(random.pick([0x20 + random.below(0x5f), 0x20 + random.below(0x5f), 0x80 + random.below(0x700), 0xfeff, 0x10000 + random.below(0x100000)]));
  }
  return key;
}

function randomAddrPort(random: SeededRandom): AddrPort {
  const port = random.below(65_536);
  if (random.chance(2)) return { address: Array.from({ length: 4 }, () => random.below(256)).join('.'), port };
  // No zero group, so that the text is canonical as it stands.
  return { address: Array.from({ length: 8 }, () => (1 + random.below(0xffff)).toString(16)).join(':'), port };
}

function randomExtensions(random: SeededRandom): { extensions?: Extensions } {
  if (random.chance(2)) return {};
  const extensions: Extensions = {};
  if (random.chance(3)) extensions.padToBytes = random.below(1425);
  if (random.chance(3)) extensions.trace = { traceId: random.bytes(16), spanId: random.u64(), startUs: random.u64(), flags: random.below(256) };
  if (random.chance(2)) extensions.requestId = random.u64();
  if (random.chance(2)) {
    extensions.capabilities = { putAck: random.chance(2), directedDiscovery: random.chance(2), client: random.chance(2), protocolVersion: random.below(65_536) };
  }
  if (random.chance(2)) extensions.target = random.u64();
  return { extensions };
}

function randomDat(random: SeededRandom): Dat {
  return {
    time: random.below(0x20_0000) * 0x1_0000_0000 + random.u32(),
    salt: random.bytes(16),
    work: random.bytes(32),
    signature: random.chance(8) ? new Uint8Array(64) : random.bytes(64),
    publicKey: random.bytes(32),
    key: randomKey(random),
    value: random.bytes(random.below(random.chance(4) ? 970 : 60)),
  };
}

/** A valid message of any op, with and without extensions. */
export function randomMessage(random: SeededRandom): Message {
  switch (random.below(8)) {
    case 0:
      return { op: 'ping', challenge: random.bytes(32), usedSpace: random.u64() >> 1n, capacity: random.u64() >> 1n, ...randomExtensions(random) };
    case 1:
      return {
        op: 'pong',
        solution: { challenge: random.bytes(32), salt: random.bytes(16), publicKey: random.bytes(32), signature: random.bytes(64) },
        addrPorts: Array.from({ length: random.below(13) }, () => randomAddrPort(random)),
      };
    case 2:
    case 3: {
      const replicas = Array.from({ length: random.below(6) }, () => (random.chance(4) ? 0n : random.u64()));
      return { op: random.pick(['put', 'get-ack']), entry: { dat: randomDat(random), replicas }, ...randomExtensions(random) };
    }
    case 4:
      return {
        op: 'put-ack',
        storeKey: random.u64(),
        signaturePrefix: random.bytes(8),
        code: random.below(6) as PutAckCode,
        ...randomExtensions(random),
      };
    case 5:
      return { op: 'get', publicKey: random.bytes(32), key: randomKey(random), ...randomExtensions(random) };
    case 6:
      return { op: 'get-my-addr-port', ...randomExtensions(random) };
    default:
      return { op: 'get-my-addr-port-ack', addrPort: randomAddrPort(random), ...randomExtensions(random) };
  }
}
