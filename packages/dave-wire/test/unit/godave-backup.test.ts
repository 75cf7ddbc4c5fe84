import { describe, expect, it } from 'vitest';
import { decodeGodaveBackup, encodeEntry, encodeGodaveBackup, type BackupItem, type Entry } from '../../src/api.ts';
import { collect } from '../collect.ts';

function entry(key: string, valueBytes: number): Entry {
  return {
    dat: {
      time: 1_733_900_000_000,
      salt: new Uint8Array(16).fill(1),
      work: new Uint8Array(32).fill(2),
      signature: new Uint8Array(64).fill(3),
      publicKey: new Uint8Array(32).fill(4),
      key,
      value: new Uint8Array(valueBytes).fill(5),
    },
    replicas: [1n, 0n, 3n],
  };
}

function record(of: Entry, prefix?: number): Uint8Array {
  const bytes = encodeEntry(of);
  const length = prefix ?? bytes.length;
  return new Uint8Array([length & 0xff, length >> 8, ...bytes]);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function* inChunks(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

const read = (bytes: Uint8Array, chunkBytes = 65_536): Promise<BackupItem[]> => collect(decodeGodaveBackup(inChunks(bytes, chunkBytes)));
const keysOf = (items: readonly BackupItem[]): string[] => items.flatMap((item) => (item.kind === 'entry' ? [item.entry.dat.key] : []));
const damageOf = (items: readonly BackupItem[]): BackupItem[] => items.filter(({ kind }) => kind === 'damage');

const five = ['a', 'b', 'c', 'd', 'e'].map((key, index) => entry(key, index * 200));

describe('a backup that the Go node has rewritten at its start', () => {
  it('keeps every record although all prefixes are 1424', async () => {
    const items = await read(concat(...five.map((of) => record(of, 1424))));
    expect(keysOf(items)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(damageOf(items)).toEqual([]);
  });

  it('keeps every record whatever the prefixes are', async () => {
    const items = await read(concat(...five.map((of, index) => record(of, index * 16_000))));
    expect(keysOf(items)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(damageOf(items)).toEqual([]);
  });

  it('holds records with 1227 bytes of key and value', async () => {
    const items = await read(concat(record(entry('abc', 1224)), record(five[0]!)));
    expect(keysOf(items)).toEqual(['abc', 'a']);
  });
});

describe('chunks', () => {
  for (const size of [1, 2, 100, 1425, 1426, 2852, 5000]) {
    it(`of ${size} bytes give the same items`, async () => {
      const bytes = concat(...five.map((of) => record(of)), new Uint8Array(50).fill(9), ...five.map((of) => record(of)), record(five[4]!).subarray(0, 300));
      expect(await read(bytes, size)).toStrictEqual(await read(bytes, bytes.length));
    });
  }

  it('may be overwritten once they were read', async () => {
    const chunk = record(five[1]!);
    async function* stream(): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < 20; count += 1) {
        chunk.set(record(five[1]!));
        yield chunk;
        chunk.fill(0xff);
      }
    }
    const items = await collect(decodeGodaveBackup(stream()));
    expect(items.map((item) => (item.kind === 'entry' ? item.entry : item))).toStrictEqual(Array.from({ length: 20 }, () => five[1]!));
  });
});

describe('damage', () => {
  it('in the form of a torn tail costs itself only, wherever it was cut', async () => {
    const whole = concat(...five.slice(0, 4).map((of) => record(of)));
    const last = record(five[4]!);
    for (let cut = 1; cut < last.length; cut += 1) {
      const items = await read(concat(whole, last.subarray(0, cut)));
      expect(keysOf(items)).toEqual(['a', 'b', 'c', 'd']);
      expect(damageOf(items)).toEqual([{ kind: 'damage', offset: whole.length, length: cut, reason: 'torn-tail' }]);
    }
  });

  it('in the form of a torn record that others were appended to costs no other record, wherever it was cut', async () => {
    const torn = record(entry('torn', 900));
    const after = concat(...five.map((of) => record(of)));
    for (let cut = 1; cut < torn.length; cut += 1) {
      const items = await read(concat(record(five[0]!), torn.subarray(0, cut), after));
      expect(keysOf(items).filter((key) => key !== 'torn')).toEqual(['a', 'a', 'b', 'c', 'd', 'e']);
      expect(damageOf(items)).toEqual([{ kind: 'damage', offset: record(five[0]!).length, length: cut, reason: keysOf(items).includes('torn') ? 'overrun' : 'unreadable' }]);
    }
  });

  it('in the form of foreign bytes is skipped and measured', async () => {
    const junk = new Uint8Array(10_000).fill(0x90);
    const first = record(five[0]!);
    const items = await read(concat(first, junk, record(five[1]!), new Uint8Array(3000), record(five[2]!, 1424)), 997);
    expect(keysOf(items)).toEqual(['a', 'b', 'c']);
    expect(damageOf(items)).toEqual([
      { kind: 'damage', offset: first.length, length: 10_000, reason: 'unreadable' },
      { kind: 'damage', offset: first.length + 10_000 + record(five[1]!).length, length: 3000, reason: 'unreadable' },
    ]);
  });

  it('accounts for every byte of a file that is no backup', async () => {
    expect(await read(new Uint8Array(100_000).fill(0x31), 4096)).toEqual([{ kind: 'damage', offset: 0, length: 100_000, reason: 'torn-tail' }]);
    expect(await read(new Uint8Array(0))).toEqual([]);
  });

  it('leaves whole a last record whose value contains a record, before a torn tail', async () => {
    const outer = entry('outer', 0);
    outer.dat.value = record(entry('inner', 10));
    const items = await read(concat(record(outer), record(five[3]!).subarray(0, 100)));
    expect(items[0]).toStrictEqual({ kind: 'entry', offset: 0, length: record(outer).length, entry: outer });
    expect(keysOf(items)).toEqual(['outer', 'inner']);
  });
});

describe('encodeGodaveBackup', () => {
  it('round-trips through chunks of bounded size', async () => {
    const many = Array.from({ length: 300 }, (_, index) => entry(`key ${index}`, (index * 37) % 1200));
    const chunks = await collect(encodeGodaveBackup(many));
    expect(chunks.length).toBeGreaterThan(2);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(65_536);
    const items = await collect(decodeGodaveBackup(chunks));
    expect(items.map((item) => (item.kind === 'entry' ? item.entry : item))).toStrictEqual(many);
  });

  it('refuses an entry that the Go node could not read', async () => {
    await expect(collect(encodeGodaveBackup([entry('abc', 1225)]))).rejects.toMatchObject({ code: 'WIRE_TOO_LONG' });
  });
});
