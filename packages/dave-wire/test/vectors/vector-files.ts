import { readFileSync } from 'node:fs';
import type { AddrPort, Dat, Entry, Message, Solution } from '../../src/message.ts';
import { parseAddrPort } from '../../src/addr-port.ts';

/** Reads one of the files in data/, which were produced by running the Go implementation. */
export function vectors(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`data/${file}`, import.meta.url), 'utf8'));
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export type DatVector = Record<'key' | 'publicKey' | 'salt' | 'signature' | 'value' | 'work', string> & { timeMs: number };
export type EntryVector = { dat: DatVector; replicas: string[] };
export type MessageVector = {
  op: number;
  challenge?: string;
  usedSpace?: string;
  capacity?: string;
  addrPorts?: string[];
  solution?: Record<'challenge' | 'publicKey' | 'salt' | 'signature', string>;
  entry?: EntryVector;
  publicKey?: string;
  key?: string;
};

export function datOf(vector: DatVector): Dat {
  return {
    time: vector.timeMs,
    salt: fromHex(vector.salt),
    work: fromHex(vector.work),
    signature: fromHex(vector.signature),
    publicKey: fromHex(vector.publicKey),
    key: vector.key,
    value: fromHex(vector.value),
  };
}

/** The vectors list all five places; ours ends with the last id. */
export function entryOf(vector: EntryVector): Entry {
  const replicas = vector.replicas.map(BigInt);
  while (replicas.at(-1) === 0n) replicas.pop();
  return { dat: datOf(vector.dat), replicas };
}

function solutionOf(vector: NonNullable<MessageVector['solution']>): Solution {
  return {
    challenge: fromHex(vector.challenge),
    salt: fromHex(vector.salt),
    publicKey: fromHex(vector.publicKey),
    signature: fromHex(vector.signature),
  };
}

function claimOf(text: string): bigint {
  const claim = BigInt(text);
  return claim < 0n ? 0n : claim;
}

/** The decoded form that a vector describes, as ours holds it. */
export function messageOf(vector: MessageVector): Message {
  const addrPorts: AddrPort[] = (vector.addrPorts ?? []).map(parseAddrPort);
  switch (vector.op) {
    case 0:
      return { op: 'ping', challenge: fromHex(vector.challenge!), usedSpace: claimOf(vector.usedSpace!), capacity: claimOf(vector.capacity!) };
    case 1:
      return { op: 'pong', solution: solutionOf(vector.solution!), addrPorts };
    case 2:
      return { op: 'put', entry: entryOf(vector.entry!) };
    case 4:
      return { op: 'get', publicKey: fromHex(vector.publicKey!), key: vector.key! };
    case 5:
      return { op: 'get-ack', entry: entryOf(vector.entry!) };
    case 6:
      return { op: 'get-my-addr-port' };
    case 7:
      return { op: 'get-my-addr-port-ack', addrPort: addrPorts[0]! };
    default:
      throw new Error(`no message of ours has op ${vector.op}`);
  }
}
