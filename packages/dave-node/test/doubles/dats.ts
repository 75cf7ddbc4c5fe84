import type { Dat, Entry } from '@p2p/dave-wire';

/** Fields of an unsigned dat for tests of what does not verify; its signature is as unique as `signed`. */
export interface DatFields {
  author?: number;
  key?: string;
  value?: Uint8Array | string;
  time?: number;
  signed?: number;
  replicas?: readonly bigint[];
}

const encoder = new TextEncoder();

/** A public key that is the same for the same number; its peer id is spread over all ids. */
export function authorKey(author: number): Uint8Array {
  const key = new Uint8Array(32);
  const view = new DataView(key.buffer);
  let state = BigInt(author) + 1n;
  for (let at = 0; at < 4; at++) {
    state = (state * 0x9e37_79b9_7f4a_7c15n + 0x1234_5678_9abc_def1n) & 0xffff_ffff_ffff_ffffn;
    view.setBigUint64(8 * at, state ^ (state >> 29n), true);
  }
  return key;
}

let signatures = 0;

/** An entry as it would be after verification. Not verifiable: use `createDat` where that matters. */
export function unsignedEntry(fields: DatFields = {}): Entry {
  const signature = new Uint8Array(64).fill(7);
  new DataView(signature.buffer).setUint32(34, fields.signed ?? ++signatures + 0x4000_0000);
  const dat: Dat = {
    time: fields.time ?? 1_800_000_000_000,
    salt: new Uint8Array(16).fill(1),
    work: new Uint8Array(32).fill(2),
    signature,
    publicKey: authorKey(fields.author ?? 0),
    key: fields.key ?? 'key',
    value: typeof fields.value === 'string' ? encoder.encode(fields.value) : (fields.value ?? new Uint8Array(10)),
  };
  return { dat, replicas: fields.replicas ?? [] };
}
