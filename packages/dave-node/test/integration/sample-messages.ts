import type { Dat, Message } from '@p2p/dave-wire';

function bytes(length: number, first: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (first + index) & 0xff);
}

/** A dat of the right shape; its work and signature are not valid. */
export function sampleDat(key: string, valueBytes: number): Dat {
  return {
    time: 1_800_000_000_123,
    salt: bytes(16, 1),
    work: bytes(32, 2),
    signature: bytes(64, 3),
    publicKey: bytes(32, 4),
    key,
    value: bytes(valueBytes, 5),
  };
}

/** One message of every kind, extensions included; the last is as large as a packet gets. */
export const sampleMessages: readonly Message[] = [
  {
    op: 'ping',
    challenge: bytes(32, 9),
    usedSpace: 5n,
    capacity: 1n << 40n,
    extensions: { requestId: 77n, target: 0xffff_0000_1234_5678n, capabilities: { putAck: true, directedDiscovery: true, client: false, protocolVersion: 1 } },
  },
  {
    op: 'pong',
    solution: { challenge: bytes(32, 1), salt: bytes(16, 2), publicKey: bytes(32, 3), signature: bytes(64, 4) },
    addrPorts: [
      { address: '192.0.2.7', port: 4127 },
      { address: '2001:db8::1', port: 65_534 },
    ],
  },
  { op: 'put', entry: { dat: sampleDat('a key', 19), replicas: [1n, 2n, 0xffff_ffff_ffff_ffffn] } },
  { op: 'put-ack', storeKey: 12n, signaturePrefix: bytes(8, 1), code: 5 },
  { op: 'get', publicKey: bytes(32, 8), key: 'schlüssel', extensions: { requestId: 1n } },
  { op: 'get-ack', entry: { dat: sampleDat('a key', 0), replicas: [] } },
  { op: 'get-my-addr-port' },
  { op: 'get-my-addr-port-ack', addrPort: { address: '127.0.0.1', port: 1 } },
  { op: 'put', entry: { dat: sampleDat('k', 1223), replicas: [] } },
];
