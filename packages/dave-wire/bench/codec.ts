/**
 * Speed of the codec against protobufjs and msgpack on the same PUT. Run with `pnpm bench:codec` (some 10 s).
 * All subjects run in turn, many times; times are medians, ratios are medians of the ratios within a round: the speed
 * of a shared machine wanders by more than the differences that are looked for.
 */
import { Decoder, Encoder } from '@msgpack/msgpack';
import protobuf from 'protobufjs';
import { decodeMessage, encodeMessageInto, type Dat, type Put } from '../src/api.ts';

const ROUNDS = 31;
const CALLS = 8192;
const MESSAGES = 64;

/** The same fields in the same order. Fixed 64-bit ids, and one varint for the time, suit protobuf best. */
const PROTO = `
  syntax = "proto3";
  message Dat {
    uint64 time = 1; bytes salt = 2; bytes work = 3; bytes signature = 4; bytes publicKey = 5; string key = 6; bytes value = 7;
  }
  message Entry { repeated fixed64 replicas = 1; Dat dat = 2; }
  message Put { uint32 op = 1; Entry entry = 2; }
`;

type Codec = { name: string; encode(index: number): unknown; decode(index: number): unknown };

function noise(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => Math.imul(seed + index, 0x9e37_79b1) >>> 24);
}

function puts(valueBytes: number): Put[] {
  return Array.from({ length: MESSAGES }, (_, index) => {
    const dat: Dat = {
      time: 1_733_900_000_000 + index,
      salt: noise(16, index),
      work: noise(32, index + 1),
      signature: noise(64, index + 2),
      publicKey: noise(32, index + 3),
      key: `greeting ${index}`,
      value: noise(valueBytes, index + 4),
    };
    const replicas = Array.from({ length: 5 }, (_, place) => new DataView(noise(8, index + place).buffer).getBigUint64(0, true) | 1n);
    return { op: 'put', entry: { dat, replicas } };
  });
}

function ours(messages: readonly Put[]): Codec {
  const target = new Uint8Array(1424);
  const encoded = messages.map((message) => {
    const bytes = new Uint8Array(1424);
    return bytes.subarray(0, encodeMessageInto(message, bytes));
  });
  return {
    name: 'dave-wire',
    encode: (index) => encodeMessageInto(messages[index]!, target),
    decode: (index) => decodeMessage(encoded[index]!),
  };
}

function protobufjs(messages: readonly Put[]): Codec {
  const type = protobuf.parse(PROTO).root.lookupType('Put');
  const typed = messages.map(({ entry }) => type.fromObject({ op: 2, entry: { dat: entry.dat, replicas: entry.replicas.map(String) } }));
  const encoded = typed.map((message) => type.encode(message).finish());
  const first = type.toObject(type.decode(encoded[0]!), { longs: String }) as { entry: { replicas: string[]; dat: { key: string } } };
  if (first.entry.replicas[4] !== String(messages[0]!.entry.replicas[4])) throw new Error('protobufjs does not encode what it is measured by');
  return { name: 'protobufjs', encode: (index) => type.encode(typed[index]!).finish(), decode: (index) => type.decode(encoded[index]!) };
}

function msgpack(messages: readonly Put[]): Codec {
  const encoder = new Encoder({ useBigInt64: true });
  const decoder = new Decoder({ useBigInt64: true });
  const encoded = messages.map((message) => encoder.encode(message));
  return { name: '@msgpack/msgpack', encode: (index) => encoder.encodeSharedRef(messages[index]!), decode: (index) => decoder.decode(encoded[index]!) };
}

/** What ran last, so that no call can be optimised away. */
let sink: unknown;

function nsPerCall(call: (index: number) => unknown): number {
  const start = process.hrtime.bigint();
  for (let count = 0; count < CALLS; count += 1) sink = call(count % MESSAGES);
  return Number(process.hrtime.bigint() - start) / CALLS;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const roundtrip = (codec: Codec) => (index: number) => [codec.encode(index), codec.decode(index)];

function compare(valueBytes: number, targets: Record<'encode' | 'decode', number>): void {
  const messages = puts(valueBytes);
  const codecs = [ours(messages), protobufjs(messages), msgpack(messages)];
  const jobs = codecs.map((codec) => ({ encode: codec.encode, decode: codec.decode, both: roundtrip(codec) }));
  const times = codecs.map(() => ({ encode: [] as number[], decode: [] as number[], both: [] as number[] }));
  for (let round = -8; round < ROUNDS; round += 1) {
    for (const [index, job] of jobs.entries()) {
      for (const what of ['encode', 'decode', 'both'] as const) {
        const ns = nsPerCall(job[what]);
        if (round >= 0) times[index]![what].push(ns);
      }
    }
  }
  console.log(`PUT with a value of ${valueBytes} bytes, ns per call (must reach: encode ${targets.encode}, decode ${targets.decode}, 4 × protobufjs)`);
  console.table(
    codecs.map(({ name }, index) => ({
      codec: name,
      encode: median(times[index]!.encode).toFixed(0),
      decode: median(times[index]!.decode).toFixed(0),
      'encode + decode': median(times[index]!.both).toFixed(0),
      'dave-wire is faster by': `${median(times[index]!.both.map((ns, round) => ns / times[0]!.both[round]!)).toFixed(2)} ×`,
    })),
  );
}

compare(19, { encode: 130, decode: 280 });
compare(1024, { encode: 220, decode: 340 });
if (sink === undefined) throw new Error('nothing ran');
