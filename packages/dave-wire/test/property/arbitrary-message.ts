import * as fc from 'fast-check';
import type { AddrPort, Dat, Entry, Extensions, Message, PutAckCode, Solution } from '../../src/api.ts';
import { MAX_KEY_AND_VALUE_BYTES, MAX_PACKET } from '../../src/api.ts';

/** Decoded messages have a prototype, which toStrictEqual looks at. */
const record = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> => fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const claim = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const u16 = fc.integer({ min: 0, max: 65_535 });
const byteLength = (text: string): number => Buffer.byteLength(text);

export const key: fc.Arbitrary<string> = fc
  .string({ unit: 'binary', maxLength: 255, size: 'max' })
  .filter((text) => text.isWellFormed() && byteLength(text) <= 255);

const ipv4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((octets) => octets.join('.'));
/** Canonical by the platform's own URL parser, which follows RFC 5952. */
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), u16), { minLength: 8, maxLength: 8 })
  .filter((groups) => groups[5] !== 0xffff || groups.slice(0, 5).some((group) => group !== 0))
  .map((groups) => new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]`).hostname.slice(1, -1));
export const addrPort: fc.Arbitrary<AddrPort> = record({ address: fc.oneof(ipv4, ipv6), port: u16 });

const dat: fc.Arbitrary<Dat> = record({
    time: fc.maxSafeNat(),
    salt: bytes(16),
    work: bytes(32),
    signature: bytes(64).filter((signature) => signature.some((byte) => byte !== 0)),
    publicKey: bytes(32),
    key,
    value: fc.uint8Array({ maxLength: MAX_KEY_AND_VALUE_BYTES, size: 'max' }),
  })
  .filter(({ key, value }) => byteLength(key) + value.length <= MAX_KEY_AND_VALUE_BYTES);

/** The form that decoding gives: no zeros behind the last id. */
const replicas = fc.array(fc.oneof(u64, fc.constant(0n)), { maxLength: 5 }).filter((ids) => ids.at(-1) !== 0n);
export const entry: fc.Arbitrary<Entry> = record({ dat, replicas });

const solution: fc.Arbitrary<Solution> = record({ challenge: bytes(32), salt: bytes(16), publicKey: bytes(32), signature: bytes(64) });

export const extensions: fc.Arbitrary<Extensions> = fc.record(
  {
    padToBytes: fc.nat(MAX_PACKET),
    trace: record({ traceId: bytes(16), spanId: u64, startUs: u64, flags: fc.nat(255) }),
    requestId: u64,
    capabilities: record({ putAck: fc.boolean(), directedDiscovery: fc.boolean(), client: fc.boolean(), protocolVersion: u16 }),
    target: u64,
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** Every message without its extension block. */
export const plainMessage: fc.Arbitrary<Message> = fc.oneof(
  record({ op: fc.constant('ping' as const), challenge: bytes(32), usedSpace: claim, capacity: claim }),
  record({ op: fc.constant('pong' as const), solution, addrPorts: fc.array(addrPort, { maxLength: 12 }) }),
  record({ op: fc.constant('put' as const), entry }),
  record({ op: fc.constant('put-ack' as const), storeKey: u64, signaturePrefix: bytes(8), code: fc.nat(5) as fc.Arbitrary<PutAckCode> }),
  record({ op: fc.constant('get' as const), publicKey: bytes(32), key }),
  record({ op: fc.constant('get-ack' as const), entry }),
  fc.constant({ op: 'get-my-addr-port' as const }),
  record({ op: fc.constant('get-my-addr-port-ack' as const), addrPort }),
);
